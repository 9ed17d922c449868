using Einsharp.Generator.Model;

namespace Einsharp.Generator.Diagnostics;

/// <summary>A diagnostic as data: which, where, and the arguments of its message.</summary>
internal sealed record Finding(string Id, Site Site, EquatableArray<string> Arguments);
