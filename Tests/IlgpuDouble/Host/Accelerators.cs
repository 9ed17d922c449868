using ILGPU.Double;
using ILGPU.Runtime.Cuda;

namespace ILGPU.Runtime
{
    /// <summary>What belongs to an accelerator.</summary>
    public abstract class AcceleratorObject : IDisposable
    {
        private protected AcceleratorObject(Accelerator accelerator) => Accelerator = accelerator;

        /// <summary>The accelerator.</summary>
        public Accelerator Accelerator { get; }

        /// <summary>Whether it has been disposed.</summary>
        public bool IsDisposed { get; private set; }

        /// <summary>Gives it back.</summary>
        public void Dispose()
        {
            if (IsDisposed) return;
            IsDisposed = true;
            Release();
            GC.SuppressFinalize(this);
        }

        private protected virtual void Release() { }
    }

    /// <summary>
    /// A device in use. Launches run on the thread that waits for them, one at a time; memory holds poison until it is written.
    /// </summary>
    public abstract partial class Accelerator : IDisposable
    {
        readonly List<MemoryBuffer> buffers = [];
        readonly List<AcceleratorStream> streams = [];
        uint turn = 1;
        ulong launches;
        bool disposed, lost;

        private protected Accelerator(Context context, Device device)
        {
            Context = context;
            Device = device;
            DefaultStream = CreateStream();
            context.Add(this);
        }

        /// <summary>The context that it was made in.</summary>
        public Context Context { get; }

        /// <summary>The device.</summary>
        public Device Device { get; }

        /// <summary>The stream that is used where none is named.</summary>
        public AcceleratorStream DefaultStream { get; }

        /// <summary>What the device is.</summary>
        public AcceleratorType AcceleratorType => Device.AcceleratorType;

        /// <summary>The device's name.</summary>
        public string Name => Device.Name;

        /// <summary>The bytes of the device's memory.</summary>
        public long MemorySize => Device.MemorySize;

        /// <summary>The most lanes of a group.</summary>
        public int MaxNumThreadsPerGroup => Device.MaxNumThreadsPerGroup;

        /// <summary>The bytes of shared memory of a group.</summary>
        public int MaxSharedMemoryPerGroup => Device.MaxSharedMemoryPerGroup;

        /// <summary>The lanes that run together.</summary>
        public int WarpSize => Device.WarpSize;

        /// <summary>The device's multiprocessors.</summary>
        public int NumMultiprocessors => Device.NumMultiprocessors;

        internal DoubleOptions Options => Context.Options;

        internal IEnumerable<Cells> Allocations => buffers.Select(buffer => buffer.Cells);

        internal bool TurnsRunOut => turn > Unit.TurnMask / 2;

        /// <summary>A stream of its own.</summary>
        public AcceleratorStream CreateStream()
        {
            ThrowIfUnusable();
            var stream = new AcceleratorStream.Queue(this);
            streams.Add(stream);
            return stream;
        }

        /// <summary>Waits until all streams are done.</summary>
        public void Synchronize()
        {
            foreach (AcceleratorStream stream in streams.ToArray()) stream.Synchronize();
        }

        /// <summary><paramref name="length"/> elements of poison.</summary>
        public MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(long length) where T : unmanaged => new(this, length);

        /// <summary>Memory for <paramref name="length"/> elements of <paramref name="elementSize"/> bytes.</summary>
        public MemoryBuffer AllocateRaw(long length, int elementSize) => new DeviceBuffer(this, length, elementSize);

        /// <summary>Promises that the host's memory at an address does not move; copies from and to it may then wait in a stream.</summary>
        public PageLockScope<T> CreatePageLockFromPinned<T>(IntPtr pinned, long numElements) where T : unmanaged =>
            new PageLockScope<T>.Held(this, pinned, numElements);

        /// <summary>The groups of a kernel that a multiprocessor holds at once.</summary>
        public int EstimateMaxActiveGroupsPerMultiprocessor(Kernel kernel, int groupSize) => Device.Double.ResidentGroups;

        /// <summary>Gives the device back, with all that was made on it.</summary>
        public void Dispose()
        {
            if (disposed) return;
            disposed = true;
            foreach (MemoryBuffer buffer in buffers.ToArray()) buffer.Dispose();
            Context.Remove(this);
            GC.SuppressFinalize(this);
        }

        /// <inheritdoc/>
        public override string ToString() => Device.ToString();

        internal uint NextTurn() => ++turn;

        internal ulong NextLaunch() => ++launches;

        /// <summary>Numbers turns from the start again, so that they fit.</summary>
        internal void ForgetTurns()
        {
            foreach (Cells cells in Allocations) cells.ForgetTurns();
            turn = 1;
        }

        /// <summary>Takes device memory for a buffer.</summary>
        internal void Add(MemoryBuffer buffer)
        {
            ThrowIfUnusable();
            lock (buffers)
            {
                long used = buffers.Sum(b => b.LengthInBytes);
                if (used + buffer.LengthInBytes > MemorySize)
                    throw Failure(false, $"{buffer.LengthInBytes} bytes are wanted, {used} of {MemorySize} are taken");
                buffers.Add(buffer);
            }
        }

        internal void Remove(MemoryBuffer buffer)
        {
            lock (buffers) buffers.Remove(buffer);
        }

        internal void Remove(AcceleratorStream stream) => streams.Remove(stream);

        /// <summary>The test says when the device is lost.</summary>
        internal void ThrowIfLost()
        {
            lost |= Options.LoseDevice;
            if (lost) throw Failure(true, "the test took it away");
        }

        internal void ThrowIfUnusable()
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (lost) throw Failure(true, "the test took it away");
        }

        private protected abstract AcceleratorException Failure(bool isLost, string why);

        private protected static string Describe(bool isLost, string why) =>
            isLost ? $"the device is lost ({why})" : $"out of memory ({why})";
    }

    /// <summary>A device refused or failed.</summary>
    public abstract class AcceleratorException : Exception
    {
        private protected AcceleratorException() { }

        private protected AcceleratorException(string message) : base(message) { }

        private protected AcceleratorException(string message, Exception innerException) : base(message, innerException) { }

        /// <summary>What the device is.</summary>
        public abstract AcceleratorType AcceleratorType { get; }
    }
}

namespace ILGPU.Runtime.CPU
{
    /// <summary>ILGPU's own threads in use.</summary>
    public sealed class CPUAccelerator : Accelerator
    {
        internal CPUAccelerator(Context context, CPUDevice device) : base(context, device) { }

        private protected override AcceleratorException Failure(bool isLost, string why) => new CPUFailureException(Describe(isLost, why));
    }

    /// <summary>What ILGPU itself never throws, but a test may ask for.</summary>
    internal sealed class CPUFailureException(string message) : AcceleratorException(message)
    {
        public override AcceleratorType AcceleratorType => AcceleratorType.CPU;
    }
}

namespace ILGPU.Runtime.Cuda
{
    /// <summary>A CUDA device in use.</summary>
    public sealed class CudaAccelerator : Accelerator
    {
        internal CudaAccelerator(Context context, CudaDevice device) : base(context, device) { }

        /// <summary>The device's compute capability.</summary>
        public CudaArchitecture Architecture => CudaArchitecture.SM_80;

        private protected override AcceleratorException Failure(bool isLost, string why) => new CudaException(Describe(isLost, why));
    }

    /// <summary>CUDA refused or failed.</summary>
    public sealed class CudaException : AcceleratorException
    {
        /// <summary>A failure.</summary>
        public CudaException() { }

        /// <summary>A failure.</summary>
        public CudaException(string message) : base(message) { }

        /// <summary>A failure.</summary>
        public CudaException(string message, Exception innerException) : base(message, innerException) { }

        /// <inheritdoc/>
        public override AcceleratorType AcceleratorType => AcceleratorType.Cuda;
    }
}

namespace ILGPU.Runtime.OpenCL
{
    /// <summary>An OpenCL device in use.</summary>
    public sealed class CLAccelerator : Accelerator
    {
        internal CLAccelerator(Context context, CLDevice device) : base(context, device) { }

        private protected override AcceleratorException Failure(bool isLost, string why) => new CLException(
            isLost ? CLError.CL_DEVICE_NOT_AVAILABLE : CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE, Describe(isLost, why));
    }

    /// <summary>Why OpenCL refused or failed.</summary>
    public enum CLError
    {
        /// <summary>It did neither.</summary>
        CL_SUCCESS = 0,

        /// <summary>The device is gone.</summary>
        CL_DEVICE_NOT_AVAILABLE = -2,

        /// <summary>The device's memory is full.</summary>
        CL_MEM_OBJECT_ALLOCATION_FAILURE = -4,
    }

    /// <summary>OpenCL refused or failed.</summary>
    public sealed class CLException : AcceleratorException
    {
        /// <summary>A failure.</summary>
        public CLException() { }

        /// <summary>A failure.</summary>
        public CLException(CLError errorCode) : base(errorCode.ToString()) => Error = errorCode;

        /// <summary>A failure.</summary>
        public CLException(string message) : base(message) { }

        /// <summary>A failure.</summary>
        public CLException(string message, Exception innerException) : base(message, innerException) { }

        internal CLException(CLError error, string message) : base(message) => Error = error;

        /// <summary>Why.</summary>
        public CLError Error { get; }

        /// <inheritdoc/>
        public override AcceleratorType AcceleratorType => AcceleratorType.OpenCL;
    }
}
