using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>The checked model, or why there is none: <paramref name="Model"/> is null exactly when an error was found.</summary>
/// <param name="Notes">What could be written better, in a model with or without errors.</param>
internal sealed record CheckResult(CheckedModel? Model, EquatableArray<Finding> Findings, EquatableArray<Finding> Notes);
