namespace Einsharp.Weights;

/// <summary>The type of a tensor in a GGUF file: its name, its blocks, and the weight format that has the same bytes, if there is one.</summary>
/// <param name="Name">As ggml names it.</param>
/// <param name="BlockValues">The values of a block; 1 for plain numbers.</param>
/// <param name="BlockBytes">The bytes of a block.</param>
/// <param name="Format">The same as a weight format, or null: such a tensor is listed, and refused when a model asks for it.</param>
/// <remarks>The numbers are those of <c>enum ggml_type</c>, the sizes those of the structs in ggml-common.h.</remarks>
internal sealed record GgufTensorType(string Name, int BlockValues, int BlockBytes, WeightFormat? Format = null)
{
    private static readonly Dictionary<uint, GgufTensorType> Known = new()
    {
        [0] = Of(WeightFormat.F32),
        [1] = Of(WeightFormat.F16),
        [2] = Of(WeightFormat.Q4_0),
        [3] = new("Q4_1", 32, 20),
        [6] = new("Q5_0", 32, 22),
        [7] = new("Q5_1", 32, 24),
        [8] = Of(WeightFormat.Q8_0),
        [9] = new("Q8_1", 32, 36),
        [10] = new("Q2_K", 256, 84),
        [11] = new("Q3_K", 256, 110),
        [12] = Of(WeightFormat.Q4_K),
        [13] = new("Q5_K", 256, 176),
        [14] = Of(WeightFormat.Q6_K),
        [15] = new("Q8_K", 256, 292),
        [16] = new("IQ2_XXS", 256, 66),
        [17] = new("IQ2_XS", 256, 74),
        [18] = new("IQ3_XXS", 256, 98),
        [19] = new("IQ1_S", 256, 50),
        [20] = new("IQ4_NL", 32, 18),
        [21] = new("IQ3_S", 256, 110),
        [22] = new("IQ2_S", 256, 82),
        [23] = new("IQ4_XS", 256, 136),
        [24] = new("I8", 1, 1),
        [25] = new("I16", 1, 2),
        [26] = new("I32", 1, 4),
        [27] = new("I64", 1, 8),
        [28] = new("F64", 1, 8),
        [29] = new("IQ1_M", 256, 56),
        [30] = Of(WeightFormat.BF16),
        [34] = new("TQ1_0", 256, 54),
        [35] = new("TQ2_0", 256, 66),
        [39] = new("MXFP4", 32, 17),
    };

    /// <summary>The type of a number, or null.</summary>
    public static GgufTensorType? Find(uint number) => Known.GetValueOrDefault(number);

    private static GgufTensorType Of(WeightFormat format) => new(format.ToString(), format.BlockValues(), format.BlockBytes(), format);
}
