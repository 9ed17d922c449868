using ILGPU.Backends.OpenCL;
using ILGPU.Double;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.OpenCL;

namespace ILGPU.Runtime
{
    /// <summary>What runs the kernels of an accelerator.</summary>
    public enum AcceleratorType
    {
        /// <summary>ILGPU's own threads.</summary>
        CPU = 0,

        /// <summary>NVIDIA.</summary>
        Cuda = 1,

        /// <summary>OpenCL.</summary>
        OpenCL = 2,
    }

    /// <summary>A device that an accelerator can be made of.</summary>
    public abstract class Device
    {
        private protected Device(DoubleDevice device) => Double = device;

        /// <summary>What it is.</summary>
        public AcceleratorType AcceleratorType => Double.Type;

        /// <summary>Its name.</summary>
        public string Name => Double.Name;

        /// <summary>The bytes of its memory.</summary>
        public long MemorySize => Double.MemoryBytes;

        /// <summary>The most lanes of a group.</summary>
        public int MaxNumThreadsPerGroup => Double.MaxGroupSize;

        /// <summary>The bytes of shared memory of a group.</summary>
        public int MaxSharedMemoryPerGroup => 48 * 1024;

        /// <summary>The lanes that run together: 32 for CUDA.</summary>
        public int WarpSize => AcceleratorType == AcceleratorType.Cuda ? 32 : 1;

        /// <summary>Its multiprocessors.</summary>
        public int NumMultiprocessors => Double.Multiprocessors;

        internal DoubleDevice Double { get; }

        /// <summary>Makes an accelerator of it.</summary>
        public abstract Accelerator CreateAccelerator(Context context);

        /// <inheritdoc/>
        public override string ToString() => $"{Name} [Type: {AcceleratorType}]";
    }

    /// <summary>The devices that a context is to have.</summary>
    internal sealed class DeviceRegistry
    {
        internal List<Device> Devices { get; } = [];

        /// <summary>Adds one.</summary>
        public void Register(Device device) => Devices.Add(device);
    }
}

namespace ILGPU.Runtime.CPU
{
    /// <summary>ILGPU's own threads, of which the double makes nothing of its own: a device like the others.</summary>
    public sealed class CPUDevice : Device
    {
        /// <summary>Groups of at most 16 lanes.</summary>
        public static readonly CPUDevice Default = new(4, 4, 1);

        /// <summary>Groups of at most <paramref name="numThreadsPerWarp"/> × <paramref name="numWarpsPerMultiprocessor"/> lanes.</summary>
        public CPUDevice(int numThreadsPerWarp, int numWarpsPerMultiprocessor, int numMultiprocessors)
            : base(new(AcceleratorType.CPU, "CPUAccelerator", numThreadsPerWarp * numWarpsPerMultiprocessor,
                Multiprocessors: numMultiprocessors)) { }

        /// <inheritdoc/>
        public override Accelerator CreateAccelerator(Context context) => new CPUAccelerator(context, this);
    }

    /// <summary>Registers ILGPU's CPU devices.</summary>
    public static class CPUContextExtensions
    {
        /// <summary>Adds a CPU device.</summary>
        public static Context.Builder CPU(this Context.Builder builder, CPUDevice device)
        {
            ArgumentNullException.ThrowIfNull(builder);
            builder.DeviceRegistry.Register(device);
            return builder;
        }
    }
}

namespace ILGPU.Runtime.Cuda
{
    /// <summary>A device that poses as NVIDIA's.</summary>
    public sealed class CudaDevice : Device
    {
        internal CudaDevice(DoubleDevice device) : base(device) { }

        /// <summary>Its compute capability: 8.0.</summary>
        public CudaArchitecture? Architecture => CudaArchitecture.SM_80;

        /// <inheritdoc/>
        public override Accelerator CreateAccelerator(Context context) => new CudaAccelerator(context, this);
    }

    /// <summary>A compute capability.</summary>
    public readonly struct CudaArchitecture
    {
        /// <summary>Ampere.</summary>
        public static readonly CudaArchitecture SM_80 = new(8, 0);

        /// <summary>A capability of this version.</summary>
        public CudaArchitecture(int major, int minor)
        {
            Major = major;
            Minor = minor;
        }

        /// <summary>The major version.</summary>
        public int Major { get; }

        /// <summary>The minor version.</summary>
        public int Minor { get; }
    }

    /// <summary>Registers CUDA devices.</summary>
    public static class CudaContextExtensions
    {
        /// <summary>Adds every CUDA device that the double poses as.</summary>
        public static Context.Builder Cuda(this Context.Builder builder)
        {
            ArgumentNullException.ThrowIfNull(builder);
            foreach (DoubleDevice device in builder.Options.Devices.Where(d => d.Type == AcceleratorType.Cuda))
                builder.DeviceRegistry.Register(new CudaDevice(device));
            return builder;
        }
    }
}

namespace ILGPU.Runtime.OpenCL
{
    /// <summary>What kind of device OpenCL runs on.</summary>
    public enum CLDeviceType
    {
        /// <summary>A processor.</summary>
        CL_DEVICE_TYPE_CPU = 1 << 1,

        /// <summary>A graphics card.</summary>
        CL_DEVICE_TYPE_GPU = 1 << 2,
    }

    /// <summary>A device that poses as OpenCL's.</summary>
    public sealed class CLDevice : Device
    {
        internal CLDevice(DoubleDevice device) : base(device) => Capabilities = new() { Float64 = device.HasDoubles };

        /// <summary>A graphics card.</summary>
        public CLDeviceType DeviceType => CLDeviceType.CL_DEVICE_TYPE_GPU;

        /// <summary>The OpenCL C that it compiles.</summary>
        public CLCVersion CLStdVersion => new(3, 0);

        /// <summary>What it can do.</summary>
        public CLCapabilityContext Capabilities { get; }

        /// <inheritdoc/>
        public override Accelerator CreateAccelerator(Context context) => new CLAccelerator(context, this);
    }

    /// <summary>Registers OpenCL devices.</summary>
    public static class CLContextExtensions
    {
        /// <summary>Adds every OpenCL device that the double poses as and that <paramref name="predicate"/> takes.</summary>
        public static Context.Builder OpenCL(this Context.Builder builder, Predicate<CLDevice> predicate)
        {
            ArgumentNullException.ThrowIfNull(builder);
            foreach (DoubleDevice device in builder.Options.Devices.Where(d => d.Type == AcceleratorType.OpenCL))
            {
                var opened = new CLDevice(device);
                if (predicate(opened)) builder.DeviceRegistry.Register(opened);
            }
            return builder;
        }
    }
}

namespace ILGPU.Backends.OpenCL
{
    /// <summary>A version of OpenCL C.</summary>
    public readonly struct CLCVersion
    {
        internal CLCVersion(int major, int minor)
        {
            Major = major;
            Minor = minor;
        }

        /// <summary>The major version.</summary>
        public int Major { get; }

        /// <summary>The minor version.</summary>
        public int Minor { get; }

        /// <inheritdoc/>
        public override string ToString() => FormattableString.Invariant($"{Major}.{Minor}");
    }
}
