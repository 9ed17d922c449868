using Einsharp.Generator.Model;

namespace Einsharp.Generator.Diagnostics;

/// <summary>A diagnostic as data: which, where, the arguments of its message, and the change that would mend it, if one would.</summary>
internal sealed record Finding(string Id, Site Site, EquatableArray<string> Arguments, Fix? Fix = null);
