using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Einsharp.Tests.Ilgpu;

/// <summary>Each rule of <see cref="KernelRules"/> can fail, and kernels that keep them pass.</summary>
public class KernelRulesTests
{
    static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Preview);

    static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == Path.GetDirectoryName(typeof(object).Assembly.Location))
            .Select(path => MetadataReference.CreateFromFile(path)),
        MetadataReference.CreateFromFile(typeof(ILGPU.Group).Assembly.Location),
    ];

    [Theory]
    [InlineData(KernelRules.Delegate, "Func<int, int> twice = x => 2 * x; args.Out[0] = twice(1);")]
    [InlineData(KernelRules.Delegate, "args.Out[0] = Apply(Square, 2); static float Apply(Func<float, float> f, float x) => f(x);")]
    [InlineData(KernelRules.Capture, "float y = 2; args.Out[0] = Half(); float Half() => y / 2;")]
    [InlineData(KernelRules.Throw, "if (args.Count < 0) throw new InvalidOperationException();")]
    [InlineData(KernelRules.Try, "try { args.Out[0] = 1; } finally { args.Out[1] = 1; }")]
    [InlineData(KernelRules.Span, "Span<float> x = default; args.Out[0] = x.Length;")]
    [InlineData(KernelRules.StackAlloc, "unsafe { float* x = stackalloc float[4]; args.Out[0] = x[0]; }")]
    [InlineData(KernelRules.InlineArray, "Row row = default; row[1] = 2; args.Out[0] = row[0];")]
    [InlineData(KernelRules.Text, "string s = \"a\"; args.Out[0] = s.Length;")]
    [InlineData(KernelRules.Class, "var box = new Box(); args.Out[0] = box.Value;")]
    [InlineData(KernelRules.Class, "object boxed = 1; args.Out[0] = (int)boxed;")]
    [InlineData(KernelRules.ExplicitLayout, "Union u = default; u.Bits = 1; args.Out[0] = u.Value;")]
    [InlineData(KernelRules.MutableStatic, "s_calls++;")]
    [InlineData(KernelRules.MutableStatic, "args.Out[0] = Calls;")]
    [InlineData(KernelRules.Array, "args.Out[0] = s_table[1];")]
    [InlineData(KernelRules.Array, "float[] x = new float[4]; args.Out[0] = x[1];")]
    [InlineData(KernelRules.Forbidden, "args.Out[0] = Math.Clamp(args.Count, 1, 2);")]
    [InlineData(KernelRules.Forbidden, "args.Out[0] = (float)(Half)args.Out[1];")]
    [InlineData(KernelRules.Forbidden, "args.Out[0] = System.Runtime.CompilerServices.Unsafe.BitCast<int, float>(args.Count);")]
    [InlineData(KernelRules.Forbidden, "args.Out[0] = BitConverter.UInt32BitsToSingle(1u);")]
    [InlineData(KernelRules.Forbidden, "args.Out[0] = (new System.Numerics.Vector4(1) + new System.Numerics.Vector4(2)).X;")]
    [InlineData(KernelRules.Forbidden, "args.Out[0] = MathF.FusedMultiplyAdd(1, 2, args.Out[1]);")]
    [InlineData(KernelRules.Forbidden, "args.Out[0] = MathF.Log2(args.Out[1]);")]
    [InlineData(KernelRules.Forbidden, "args.Out[0] = MathF.Cos(args.Out[1]);")]
    [InlineData(KernelRules.Forbidden, "args.Out.MemSetToZero(null);")]
    [InlineData(KernelRules.Recursion, "args.Out[0] = Sum(args.Count);")]
    [InlineData(KernelRules.UnsignedIndex, "uint i = 1; args.Out[i] = 1;")]
    [InlineData(KernelRules.UnsignedIndex,
        "ulong i = 1; args.Out[0] = args.Out.SubView(0, (int)i)[Unsigned()]; static uint Unsigned() => 1;")]
    [InlineData(KernelRules.Barrier, "Group.Barrier();")]
    [InlineData(KernelRules.SharedMemory,
        "var a = SharedMemory.Allocate<float>(8192); var b = SharedMemory.Allocate<Four>(1025); a[0] = 1; b[0] = default;")]
    [InlineData(KernelRules.Enumeration, "foreach (int i in (ReadOnlySpan<int>)default) args.Out[i] = 1;")]
    public void A_construct_is_found(string rule, string body) => Assert.Contains(rule, Rules(Kernel(body)));

    [Theory]
    [InlineData(KernelRules.Visibility,
        "internal static class Hidden { public static void Kernel(SpecializedValue<Sizes> sizes, Args args) { } }")]
    [InlineData(KernelRules.Visibility,
        "public static class K { internal static void Kernel(SpecializedValue<Sizes> sizes, Args args) { } }")]
    [InlineData(KernelRules.Visibility,
        "struct Inner { } public static class K { static void Kernel(SpecializedValue<Sizes> sizes, Inner args) { } }")]
    [InlineData(KernelRules.Parameters,
        "public static class K { public static void Kernel(SpecializedValue<Sizes> sizes, ref Args args) { } }")]
    [InlineData(KernelRules.Parameters,
        "public static class K { public static void Kernel(SpecializedValue<Sizes> sizes, string args) { } }")]
    [InlineData(KernelRules.Parameters, """
        public static class K { public static void Kernel(
            SpecializedValue<Sizes> a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l,
            int m, int n, int o) { } }
        """)]
    [InlineData(KernelRules.Forbidden, """
        public static class K { public static void Kernel<T>(SpecializedValue<Sizes> a, Args args) where T : struct, IOp =>
            args.Out[0] = T.Do(1); }
        public interface IOp { static abstract float Do(float x); }
        public struct Good : IOp { public static float Do(float x) => x; }
        public struct Bad : IOp { public static float Do(float x) => MathF.Tanh(x); }
        """)]
    public void A_declaration_is_found(string rule, string source) => Assert.Contains(rule, Rules(source));

    [Fact]
    public void A_library_is_walked_too()
    {
        CSharpCompilation library = Compile(
            "Library", "namespace Lib; public static class Tools { public static float Root(float x) => MathF.Cbrt(x); }");
        var image = new MemoryStream();
        Assert.True(library.Emit(image).Success);
        CSharpCompilation kernels = Compile("Kernels", Common + Kernel("args.Out[0] = Lib.Tools.Root(2);"))
            .AddReferences(MetadataReference.CreateFromImage(image.ToArray()));
        Assert.Empty(kernels.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error));
        KernelViolation violation = Assert.Single(KernelRules.Check(kernels, library));
        Assert.Equal((KernelRules.Forbidden, "Kernel", "System.MathF.Cbrt"), (violation.Rule, violation.Kernel, violation.What));
        Assert.Empty(KernelRules.Check(kernels));
    }

    [Fact]
    public void A_kernel_that_keeps_the_rules_passes() => Assert.Empty(Rules(Kernel("""
        ArrayView<float> scratch = SharedMemory.Allocate<float>(256);
        Sizes size = sizes;
        int lane = Group.IdxX, d = size.d;
        Four sum = default;
        for (int i = lane; i < d; i += Group.DimX)
        {
            Four x = args.Out.Cast<Four>()[i];
            sum.X += MathF.Exp(-MathF.Max(x.X, 0f));
            Add(ref sum, Interop.IntAsFloat((uint)i << 16));
        }
        scratch[lane] = sum.X;
        Einsharp.Ilgpu.Lanes.Barrier();
        (float low, float high) = (scratch[0], scratch[1]);
        args.Out[(long)d * lane] = lane switch { 0 => low, 1 => high, _ => MathF.Sqrt(low) };
        static void Add(ref Four four, float y) => four.Y += y;
        """)));

    /// <summary>The kernels and helpers of Einsharp.Runtime.Ilgpu, from their sources.</summary>
    [Fact]
    public void The_librarys_kernels_keep_the_rules()
    {
        string folder = Path.Combine(Root(), "Runtime", "Einsharp.Runtime.Ilgpu", "Kernels");
        SyntaxTree[] trees = [.. Directory.GetFiles(folder, "*.cs").Order(StringComparer.Ordinal)
            .Select(path => CSharpSyntaxTree.ParseText(File.ReadAllText(path), ParseOptions, Path.GetFileName(path)))];
        CSharpCompilation library = Compile("Einsharp.Runtime.Ilgpu").AddSyntaxTrees(trees);
        Assert.NotEmpty(KernelRules.Kernels(library));
        Assert.Empty(KernelRules.Check(library));
    }

    static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));

    static HashSet<string> Rules(string source)
    {
        CSharpCompilation compilation = Compile("Kernels", Common + source);
        Assert.Empty(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error));
        return [.. KernelRules.Check(compilation).Select(violation => violation.Rule)];
    }

    static CSharpCompilation Compile(string name, params string[] sources) => CSharpCompilation.Create(
        name,
        [.. sources.Append("global using System; global using System.IO; global using ILGPU; global using ILGPU.Runtime;")
            .Select(source => CSharpSyntaxTree.ParseText(source, ParseOptions, name + ".cs"))],
        References,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));

    static string Kernel(string body) => $$"""
        public static class Kernels
        {
            static int s_calls;
            static readonly float[] s_table = [1, 2];
            static int Calls { get; set; }
            public static void Kernel(SpecializedValue<Sizes> sizes, Args args)
            {
                {{body}}
            }
            static float Square(float x) => x * x;
            static int Sum(int n) => n == 0 ? s_calls : n + Sum(n - 1);
        }
        """;

    const string Common = """
        using System.Runtime.InteropServices;
        public readonly record struct Sizes(int d);
        public struct Args { public ArrayView<float> Out; public int Count; }
        public struct Four { public float X, Y, Z, W; }
        public class Box { public float Value = 1; }
        [System.Runtime.CompilerServices.InlineArray(4)] public struct Row { private float _first; }
        [StructLayout(LayoutKind.Explicit)] public struct Union { [FieldOffset(0)] public int Bits; [FieldOffset(0)] public float Value; }
        namespace Einsharp.Ilgpu { public static class Lanes { public static void Barrier() => Group.Barrier(); } }

        """;
}
