namespace ILGPU
{
    /// <summary>
    /// ILGPU.Algorithms, which gives Exp and the like to devices. The double runs .NET's own; in ILGPU this is an assembly of its own.
    /// </summary>
    public static class AlgorithmContext
    {
        /// <summary>Makes the functions available to kernels.</summary>
        public static Context.Builder EnableAlgorithms(this Context.Builder builder) => builder;
    }
}

namespace ILGPU.Algorithms
{
    /// <summary>ILGPU's own functions, none of which our kernels call.</summary>
    public static class XMath;
}
