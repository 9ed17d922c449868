using Einsharp.Ilgpu;
using Einsharp.Tests.Execution;

namespace Einsharp.Tests.Ilgpu;

/// <summary>The models of the layers' tests on each device, against the processor, which those tests hold to plain loops.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class LayerDeviceTests
{
    // Rows that take each way of a sweep.
    private static readonly int[] s_rows = [1, 5, 18, 0];

    private static readonly Dictionary<string, Func<Device, WeightFormat, IEnumerable<Tensor>>> s_models = new(StringComparer.Ordinal)
    {
        ["norms with and without gain and bias"] = (on, format) => Each(
            new Norms(new NormsSizes { d = 13 }, new NormsSettings { Eps = 0.1f }, on), m => m.Parameters, format,
            (m, rows) => m.Forward(Inputs.Random(rows + 1, 1, rows, 13))),
        ["norms over several axes and over heads"] = (on, format) => Each(
            new WideNorms(new WideNormsSizes { h = 5, k = 7, f = 11 }, new WideNormsSettings { Eps = 0.1f }, on), m => m.Parameters, format,
            (m, rows) => m.Forward(Inputs.Random(rows + 2, rows, 5, 7))),
        ["every activation"] = (on, format) => Each(
            new Activations(new ActivationsSizes { d = 13, f = 37 }, new ActivationsSettings { SoftCap = 1.5f }, on), m => m.Parameters, format,
            (m, rows) => m.Forward(Inputs.Random(rows + 3, rows, 13))),
        ["softmaxes over any axis"] = (on, format) => Each(
            new Softmaxes(new SoftmaxesSizes { d = 11, g = 3, e = 5, k = 19 }, on), m => m.Parameters, format,
            (m, rows) => m.Forward(Inputs.Random(rows + 4, rows, 11))),
        ["softmaxes beside what they gate"] = (on, format) => Each(
            new SoftGates(new SoftGatesSizes { d = 11, h = 3, e = 21 }, on), m => m.Parameters, format,
            (m, rows) => m.Forward(Inputs.Random(rows + 5, rows, 11))),
        ["normalised queries and keys"] = NormedQueriesAndKeys,
    };

    public static TheoryData<string, string> Cases => TestDevices.With(s_models.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_device_computes_what_the_processor_does(string device, string model)
    {
        IlgpuDevice on = TestDevices.Open(device);
        WeightFormat[] formats = [WeightFormat.F32, WeightFormat.BF16, WeightFormat.F16];
        int turn = s_models.Keys.ToList().IndexOf(model) % 3;
        foreach (WeightFormat format in turn == 0 ? formats[..1] : [WeightFormat.F32, formats[turn]])
            DeviceRuns.Same(on, where => s_models[model](where, format), DeviceRuns.Tolerance(on, format));
    }

    // Vectors are drawn too, as gains of one would hide a gain that is left out.
    private static void Initialise(IReadOnlyList<Param> parameters, WeightFormat format)
    {
        foreach (Param param in parameters)
        {
            param.Initialise(5, format);
            if (param.Shape.Length == 1)
                param.Set(Inputs.Values(param.Count, 77, 0.5f, 1.5f));
        }
    }

    private static IEnumerable<Tensor> Each<TModel>(
        TModel model, Func<TModel, IReadOnlyList<Param>> parameters, WeightFormat format, Func<TModel, int, Tensor> forward)
    {
        Initialise(parameters(model), format);
        foreach (int rows in format == WeightFormat.F32 ? s_rows : s_rows[..1])
            yield return forward(model, rows);
    }

    private static IEnumerable<Tensor> NormedQueriesAndKeys(Device on, WeightFormat format)
    {
        var sizes = new NormedStackSizes { d = 12, g = 2, r = 3, k = 6, o = 5, depth = 2 };
        var model = new NormedStack(sizes, new NormedStackSettings { Eps = 0.01f, Rope = new Rope() }, on);
        Initialise(model.Parameters, format);
        return DeviceRuns.Positions(model.Forward, model.CreateCache, 12).Take(format == WeightFormat.F32 ? int.MaxValue : 2);
    }
}
