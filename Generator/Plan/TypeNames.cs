namespace Einsharp.Generator.Plan;

/// <summary>The runtime's types as a specification spells them.</summary>
internal static class TypeNames
{
    public const string Tensor = "Einsharp.Tensor";
    public const string Indices = "Einsharp.Tensor<int>";
    public const string Mask = "Einsharp.Tensor<bool>";
    public const string Cache = "Einsharp.KvCache?";
    public const string Param = "Einsharp.Param";
    public const string Rope = "Einsharp.Rope";
    public const string Float = "float";
    public const string Int = "int";

    /// <summary>A type as a user writes it.</summary>
    public static string Short(string type) => type.Replace("Einsharp.", "");
}
