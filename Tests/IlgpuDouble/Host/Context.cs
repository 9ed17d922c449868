using System.Collections.Immutable;
using ILGPU.Double;
using ILGPU.IR.Intrinsics;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>How hard ILGPU optimises. The double takes it and does nothing with it.</summary>
public enum OptimizationLevel
{
    /// <summary>Not at all.</summary>
    O0 = 0,

    /// <summary>The default.</summary>
    O1 = 1,

    /// <summary>Global loads and locals in registers.</summary>
    O2 = 2,
}

/// <summary>What ILGPU inlines. The double takes it and does nothing with it.</summary>
public enum InliningMode
{
    /// <summary>Everything.</summary>
    Aggressive = 0,

    /// <summary>What seems to pay.</summary>
    Conservative = 1,

    /// <summary>Nothing.</summary>
    Disabled = 2,
}

/// <summary>ILGPU's compiler failed. The double never throws it.</summary>
public sealed class InternalCompilerException : Exception
{
    /// <summary>A failure of the compiler.</summary>
    public InternalCompilerException() { }

    /// <summary>A failure of the compiler.</summary>
    public InternalCompilerException(string message) : base(message) { }

    /// <summary>A failure of the compiler.</summary>
    public InternalCompilerException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>The devices that a program has chosen to see. Keeps the <see cref="DoubleOptions"/> that held when it was made.</summary>
public sealed class Context : IDisposable
{
    readonly List<Accelerator> accelerators = [];

    Context(Builder builder)
    {
        Options = builder.Options;
        Devices = [.. builder.DeviceRegistry.Devices];
    }

    /// <summary>The devices that were asked for and that the double poses as.</summary>
    public ImmutableArray<Runtime.Device> Devices { get; }

    internal DoubleOptions Options { get; }

    /// <summary>Makes a context as <paramref name="buildingCallback"/> asks for it.</summary>
    public static Context Create(Action<Builder> buildingCallback)
    {
        ArgumentNullException.ThrowIfNull(buildingCallback);
        var builder = new Builder();
        buildingCallback(builder);
        return new(builder);
    }

    /// <summary>Disposes what was made on it and is not disposed yet.</summary>
    public void Dispose()
    {
        foreach (Accelerator accelerator in accelerators.ToArray()) accelerator.Dispose();
    }

    internal void Add(Accelerator accelerator) => accelerators.Add(accelerator);

    internal void Remove(Accelerator accelerator) => accelerators.Remove(accelerator);

    /// <summary>Collects what a context is to have.</summary>
    public sealed class Builder
    {
        internal Builder() { }

        /// <summary>The devices so far.</summary>
        internal DeviceRegistry DeviceRegistry { get; } = new();

        internal DoubleOptions Options { get; } = DoubleOptions.Current;

        internal IntrinsicImplementationManager Intrinsics { get; } = new();

        /// <summary>Sets how hard to optimise.</summary>
        public Builder Optimize(OptimizationLevel level) => this;

        /// <summary>Sets what to inline.</summary>
        public Builder Inlining(InliningMode inliningMode) => this;
    }
}
