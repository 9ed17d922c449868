namespace Einsharp.Ilgpu;

/// <summary>Something about a device that is not a mistake in the call: the base of the errors below.</summary>
public class GpuException : InvalidOperationException
{
    /// <summary>Makes one.</summary>
    public GpuException()
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">What happened.</param>
    public GpuException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">Why.</param>
    public GpuException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>There is no such device, or no driver for it. <see cref="Device.Cpu"/> is always there.</summary>
public sealed class GpuNotFoundException : GpuException
{
    /// <summary>Makes one.</summary>
    public GpuNotFoundException()
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">What was looked for, and why each is missing.</param>
    public GpuNotFoundException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">What was looked for, and why each is missing.</param>
    /// <param name="innerException">Why.</param>
    public GpuNotFoundException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The device, or ILGPU's compiler for it, cannot do what a model needs; another device may.</summary>
public sealed class GpuNotSupportedException : GpuException
{
    /// <summary>Makes one.</summary>
    public GpuNotSupportedException()
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">What is missing.</param>
    public GpuNotSupportedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">What is missing.</param>
    /// <param name="innerException">Why.</param>
    public GpuNotSupportedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// The device stopped answering or a kernel on it failed. What was on it is lost: make a new <see cref="IlgpuDevice"/>, and models and
/// caches on that.
/// </summary>
public sealed class GpuLostException : GpuException
{
    /// <summary>Makes one.</summary>
    public GpuLostException()
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">Which device, and what failed.</param>
    public GpuLostException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">Which device, and what failed.</param>
    /// <param name="innerException">Why.</param>
    public GpuLostException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
