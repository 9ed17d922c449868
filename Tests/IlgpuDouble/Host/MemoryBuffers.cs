using ILGPU.Double;
using ILGPU.Runtime.CPU;

namespace ILGPU.Runtime
{
    /// <summary>Memory of a device, or of the host.</summary>
    public abstract class MemoryBuffer : AcceleratorObject
    {
        private protected MemoryBuffer(Accelerator accelerator, long length, int elementSize, Func<Cells> makeCells) : base(accelerator)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length);
            ArgumentOutOfRangeException.ThrowIfLessThan(elementSize, 1);
            Length = length;
            ElementSize = elementSize;
            Cells = makeCells();
        }

        /// <summary>The number of elements.</summary>
        public long Length { get; }

        /// <summary>The bytes of one element.</summary>
        public int ElementSize { get; }

        /// <summary>The bytes of all elements.</summary>
        public long LengthInBytes => Length * ElementSize;

        /// <summary>Where it lies.</summary>
        public unsafe IntPtr NativePtr => (nint)Cells.Memory;

        internal Cells Cells { get; }

        /// <summary>All of it as bytes.</summary>
        public ArrayView<byte> AsRawArrayView() => new(this, 0, LengthInBytes);

        /// <summary>Some of it, counted in elements of <typeparamref name="T"/>.</summary>
        public ArrayView<T> AsArrayView<T>(long offset, long length) where T : unmanaged
        {
            if (offset < 0 || length < 0 || (offset + length) * ArrayView<T>.ElementSize > LengthInBytes)
                throw new ArgumentOutOfRangeException(
                    nameof(length), $"{length} elements of {typeof(T).Name} from {offset} of {LengthInBytes} bytes");
            return new(this, offset, length);
        }

        private protected override void Release() => Cells.Dispose();
    }

    /// <summary>Memory of the device. Disposing it waits for the streams, as freeing does on a device.</summary>
    internal sealed class DeviceBuffer : MemoryBuffer
    {
        static int count;

        public DeviceBuffer(Accelerator accelerator, long length, int elementSize)
            : base(accelerator, length, elementSize, () => New(length, elementSize))
        {
            try
            {
                accelerator.Add(this);
            }
            catch
            {
                Cells.Dispose();
                GC.SuppressFinalize(this);
                throw;
            }
        }

        internal static Cells New(long length, int elementSize)
        {
            int number = Interlocked.Increment(ref count);
            return new($"buffer {number} of {length} elements of {elementSize} bytes", length * elementSize, elementSize, false);
        }

        private protected override void Release() => DeviceMemory.Free(this, base.Release);
    }

    /// <summary>What freeing device memory does.</summary>
    internal static class DeviceMemory
    {
        public static void Free(MemoryBuffer buffer, Action release)
        {
            lock (buffer.Accelerator)
            {
                buffer.Accelerator.Remove(buffer);
                release();
            }
        }
    }

    /// <summary>Memory of a group, as a view needs some buffer to point into.</summary>
    internal sealed class SharedBuffer(Accelerator accelerator, Cells cells)
        : MemoryBuffer(accelerator, cells.Bytes / cells.ElementSize, cells.ElementSize, () => cells);

    /// <summary>Memory with a view of all of it.</summary>
    public class MemoryBuffer<TView> : MemoryBuffer where TView : struct, IArrayView
    {
        private protected MemoryBuffer(Accelerator accelerator, long length, int elementSize)
            : base(accelerator, length, elementSize, () => DeviceBuffer.New(length, elementSize)) => accelerator.Add(this);

        /// <summary>All elements.</summary>
        public TView View { get; private protected init; }

        private protected override void Release() => DeviceMemory.Free(this, base.Release);

        /// <summary>All elements.</summary>
        public static implicit operator TView(MemoryBuffer<TView> buffer) => buffer.View;
    }

    /// <summary>Elements along one axis.</summary>
    public class MemoryBuffer1D<T, TStride> : MemoryBuffer<ArrayView1D<T, TStride>> where T : unmanaged where TStride : struct, IStride1D
    {
        internal MemoryBuffer1D(Accelerator accelerator, long length) : base(accelerator, length, ArrayView<T>.ElementSize) =>
            View = new(new(this, 0, length), length, default);
    }

    /// <summary>Elements along one axis.</summary>
    public readonly struct ArrayView1D<T, TStride> : IArrayView where T : unmanaged where TStride : struct, IStride1D
    {
        /// <summary>The elements of a plain view.</summary>
        public ArrayView1D(ArrayView<T> baseView, LongIndex1D extent, TStride stride)
        {
            BaseView = baseView;
            Extent = extent;
            Stride = stride;
        }

        /// <summary>The plain view.</summary>
        public ArrayView<T> BaseView { get; }

        /// <summary>The number of elements.</summary>
        public LongIndex1D Extent { get; }

        /// <summary>How they lie.</summary>
        public TStride Stride { get; }

        /// <summary>Whether there is a buffer and at least one element.</summary>
        public readonly bool IsValid => BaseView.IsValid;

        /// <summary>The number of elements.</summary>
        public readonly long Length => Extent;

        /// <summary>The bytes of all elements.</summary>
        public readonly long LengthInBytes => BaseView.LengthInBytes;

        readonly MemoryBuffer IArrayView.Buffer => BaseView.Buffer;

        readonly int IArrayView.ElementSize => ArrayView<T>.ElementSize;
    }
}

namespace ILGPU.Runtime.CPU
{
    /// <summary>Memory of the host as a buffer, to copy from and to.</summary>
    public abstract class CPUMemoryBuffer : MemoryBuffer
    {
        private protected CPUMemoryBuffer(Accelerator accelerator, long length, int elementSize, Func<Cells> makeCells)
            : base(accelerator, length, elementSize, makeCells) { }

        /// <summary>The host's memory at an address.</summary>
        public static CPUMemoryBuffer Create(Accelerator accelerator, IntPtr ptr, long length, int elementSize) =>
            new Pointed(accelerator, ptr, length, elementSize);

        sealed class Pointed(Accelerator accelerator, IntPtr address, long length, int elementSize)
            : CPUMemoryBuffer(accelerator, length, elementSize, () => Cells.OfHost(address, length * elementSize));
    }
}
