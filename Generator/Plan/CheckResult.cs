using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>The checked model, or why there is none: <paramref name="Model"/> is null exactly when an error was found.</summary>
internal sealed record CheckResult(CheckedModel? Model, EquatableArray<Finding> Findings);
