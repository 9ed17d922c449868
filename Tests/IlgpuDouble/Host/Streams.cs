namespace ILGPU.Runtime;

/// <summary>Work for a device, done in order. It is done when somebody waits for it (see <c>DoubleOptions.Deferred</c>).</summary>
public abstract class AcceleratorStream : AcceleratorObject
{
    private protected AcceleratorStream(Accelerator accelerator) : base(accelerator) { }

    /// <summary>Waits until all work is done. What went wrong in a kernel is thrown here.</summary>
    public abstract void Synchronize();

    internal abstract void Enqueue(Action work);

    /// <summary>The one kind of stream.</summary>
    internal sealed class Queue(Accelerator accelerator) : AcceleratorStream(accelerator)
    {
        readonly Queue<Action> waiting = [];

        public override void Synchronize()
        {
            // One launch at a time: the memory's shadow belongs to the accelerator.
            lock (Accelerator)
            {
                try
                {
                    while (waiting.TryDequeue(out Action? work))
                    {
                        Accelerator.ThrowIfLost();
                        work();
                    }
                }
                catch
                {
                    waiting.Clear();
                    throw;
                }
            }
        }

        internal override void Enqueue(Action work)
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            Accelerator.ThrowIfUnusable();
            lock (Accelerator) waiting.Enqueue(work);
            if (!Accelerator.Options.Deferred) Synchronize();
        }

        private protected override void Release()
        {
            lock (Accelerator) waiting.Clear();
            Accelerator.Remove(this);
        }
    }
}

/// <summary>Host memory that does not move.</summary>
public abstract class PageLockScope<T> : AcceleratorObject where T : unmanaged
{
    private protected PageLockScope(Accelerator accelerator, IntPtr address, long length) : base(accelerator)
    {
        AddrOfLockedObject = address;
        Length = length;
    }

    /// <summary>Where it lies.</summary>
    public IntPtr AddrOfLockedObject { get; }

    /// <summary>Its elements.</summary>
    public long Length { get; }

    internal sealed class Held(Accelerator accelerator, IntPtr address, long length) : PageLockScope<T>(accelerator, address, length);
}
