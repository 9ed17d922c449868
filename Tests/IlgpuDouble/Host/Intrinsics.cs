using System.Reflection;
using ILGPU.Backends.OpenCL;
using ILGPU.IR.Intrinsics;
using ILGPU.Util;

namespace ILGPU.Util
{
    /// <summary>Text that is not a format.</summary>
    public readonly struct RawString
    {
        RawString(string value) => Value = value;

        /// <summary>The text.</summary>
        public string Value { get; }

        /// <summary>Text that is not a format.</summary>
        public static implicit operator RawString(string value) => new(value);
    }
}

namespace ILGPU.IR
{
    /// <summary>A value of ILGPU's intermediate representation, which the double does not have.</summary>
    public abstract class Value
    {
        private protected Value() { }
    }

    /// <summary>Reaches the intrinsics of a context.</summary>
    public static class IRContextExtensions
    {
        /// <summary>The intrinsics of a context to be.</summary>
        public static IntrinsicImplementationManager GetIntrinsicManager(this Context.Builder builder)
        {
            ArgumentNullException.ThrowIfNull(builder);
            return builder.Intrinsics;
        }
    }
}

namespace ILGPU.IR.Intrinsics
{
    /// <summary>
    /// Marks a method that a backend may give a body of its own. The double runs the method's own body, as ILGPU's CPU accelerator does.
    /// </summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class IntrinsicImplementationAttribute : Attribute;

    /// <summary>How a backend replaces a method.</summary>
    public enum IntrinsicImplementationMode
    {
        /// <summary>By another method.</summary>
        Redirect = 0,

        /// <summary>By text that a method writes.</summary>
        GenerateCode = 1,
    }

    /// <summary>A backend's replacement of a method.</summary>
    public abstract class IntrinsicImplementation
    {
        private protected IntrinsicImplementation() { }
    }

    /// <summary>The replacements of a context.</summary>
    public sealed class IntrinsicImplementationManager
    {
        internal IntrinsicImplementationManager() { }

        /// <summary>Replaces a method, which must be marked. The double only checks that it is.</summary>
        public void RegisterMethod(MethodInfo method, IntrinsicImplementation implementation)
        {
            ArgumentNullException.ThrowIfNull(method);
            ArgumentNullException.ThrowIfNull(implementation);
            if (!method.IsDefined(typeof(IntrinsicImplementationAttribute)))
                throw new ArgumentException($"{method.DeclaringType?.Name}.{method.Name} lacks [IntrinsicImplementation]", nameof(method));
        }
    }
}

namespace ILGPU.Backends.PTX
{
    /// <summary>A replacement for PTX.</summary>
    public sealed class PTXIntrinsic : IntrinsicImplementation
    {
        /// <summary>Another method, of the same signature.</summary>
        public PTXIntrinsic(MethodInfo targetMethod, IntrinsicImplementationMode mode) => ArgumentNullException.ThrowIfNull(targetMethod);
    }
}

namespace ILGPU.Backends.OpenCL
{
    /// <summary>A replacement for OpenCL C.</summary>
    public sealed class CLIntrinsic : IntrinsicImplementation
    {
        /// <summary>A static method that writes the text.</summary>
        public CLIntrinsic(Type handlerType, string methodName, IntrinsicImplementationMode mode)
        {
            ArgumentNullException.ThrowIfNull(handlerType);
            if (handlerType.GetMethod(methodName, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic) is null)
                throw new ArgumentException($"{handlerType.Name} has no static method {methodName}", nameof(methodName));
        }
    }

    /// <summary>ILGPU's OpenCL backend, which the double does not have.</summary>
    public sealed class CLBackend
    {
        internal CLBackend() { }
    }

    /// <summary>Writes OpenCL C, which the double does not.</summary>
    public abstract class CLCodeGenerator
    {
        private protected CLCodeGenerator() { }

        /// <summary>Begins a statement.</summary>
        public StatementEmitter BeginStatement(RawString command) => throw new NotSupportedException("The double writes no OpenCL C.");

        /// <summary>A statement that is being written.</summary>
        public struct StatementEmitter : IDisposable
        {
            readonly void IDisposable.Dispose() { }
        }
    }
}

namespace ILGPU.Runtime.OpenCL
{
    /// <summary>What an OpenCL device can do.</summary>
    public sealed class CLCapabilityContext
    {
        internal CLCapabilityContext() { }

        /// <summary>Whether pointers need no address space. ILGPU needs it.</summary>
        public bool GenericAddressSpace { get; internal set; } = true;

        /// <summary>Whether it computes in double.</summary>
        public bool Float64 { get; internal set; } = true;
    }
}
