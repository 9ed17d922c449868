using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Einsharp.Cpu;

namespace Einsharp;

/// <summary>
/// A dense row-major array with a shape, outermost axis first. A shape is fixed; an extent may be zero. Large ones begin on a cache line.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
public class Tensor<T>
    where T : unmanaged
{
    // Below so many bytes memory is not worth being pinned.
    private const int LeastAligned = 8192;

    private readonly T[] _memory;
    private readonly int _start;
    private readonly int[] _shape;

    /// <summary>Makes a tensor of zeros.</summary>
    /// <param name="shape">Extents, outermost first; none for a scalar.</param>
    /// <exception cref="ArgumentOutOfRangeException">An extent is negative, or there are more than 2³¹ − 1 elements.</exception>
    public Tensor(params ReadOnlySpan<int> shape)
    {
        long length = 1;
        foreach (int extent in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent, nameof(shape));
            length *= extent;
            if (length > Array.MaxLength)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(shape), $"A tensor of shape {Format(shape)} has more than {Array.MaxLength} elements.");
            }
        }

        _shape = shape.ToArray();
        Length = (int)length;
        int line = AlignedMemory.Alignment / Unsafe.SizeOf<T>();
        if (length * Unsafe.SizeOf<T>() < LeastAligned || length > Array.MaxLength - line)
        {
            _memory = new T[length];
            return;
        }

        // A vector across two cache lines costs two accesses, and an array's first element is on no line's beginning.
        _memory = GC.AllocateArray<T>((int)length + line, pinned: true);
        nint past = (nint)(Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0) % AlignedMemory.Alignment);
        _start = past == 0 ? 0 : (int)(AlignedMemory.Alignment - past) / Unsafe.SizeOf<T>();
    }

    /// <summary>Extents, outermost first.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>The number of axes.</summary>
    public int Rank => _shape.Length;

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>The elements, row-major.</summary>
    /// <exception cref="InvalidOperationException">The values were to be read back from a device that is gone.</exception>
    public Span<T> Span
    {
        get
        {
            if (IsPending)
                Fetch();
            return new Span<T>(_memory, _start, Length);
        }
    }

    /// <summary>Whether the values are still elsewhere.</summary>
    private protected bool IsPending { get; set; }

    private protected virtual void Fetch()
    {
    }

    /// <summary>The shape as text: <c>[2, 3]</c>.</summary>
    public override string ToString() => Format(_shape);

    internal static string Format(ReadOnlySpan<int> shape)
    {
        string[] extents = new string[shape.Length];
        for (int i = 0; i < extents.Length; i++)
            extents[i] = shape[i].ToString(CultureInfo.InvariantCulture);
        return "[" + string.Join(", ", extents) + "]";
    }

    private protected static int[] CheckCount(int found, ReadOnlySpan<int> shape)
    {
        long expected = 1;
        foreach (int extent in shape)
            expected *= extent;
        return found == expected
            ? shape.ToArray()
            : throw new ArgumentException($"A tensor of shape {Format(shape)} has {expected} elements; {found} were given.");
    }
}

/// <summary>A dense row-major array of float32.</summary>
/// <param name="shape">Extents, outermost first; none for a scalar.</param>
public sealed class Tensor(params ReadOnlySpan<int> shape) : Tensor<float>(shape)
{
    private DeferredResult? _deferred;

    /// <summary>Where the values are, as long as nobody has looked at them here.</summary>
    internal DeferredResult? Deferred => IsPending ? _deferred : null;

    /// <summary>Leaves the values on a device until <see cref="Tensor{T}.Span"/> is asked for.</summary>
    /// <param name="result">Where they are.</param>
    internal void Defer(DeferredResult result)
    {
        _deferred = result;
        IsPending = true;
    }

    private protected override void Fetch()
    {
        IsPending = false;
        try
        {
            _deferred!.CopyTo(Span);
        }
        catch
        {
            IsPending = true;
            throw;
        }
    }

    /// <summary>Copies values into a new tensor.</summary>
    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">Extents, outermost first.</param>
    /// <exception cref="ArgumentException">The number of values is not the product of the extents.</exception>
    public static Tensor From(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor(CheckCount(values.Length, shape));
        values.CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>Copies indices into a new tensor of int.</summary>
    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">Extents, outermost first.</param>
    /// <exception cref="ArgumentException">The number of values is not the product of the extents.</exception>
    public static Tensor<int> From(ReadOnlySpan<int> values, params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor<int>(CheckCount(values.Length, shape));
        values.CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>Copies a mask into a new tensor of bool.</summary>
    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">Extents, outermost first.</param>
    /// <exception cref="ArgumentException">The number of values is not the product of the extents.</exception>
    public static Tensor<bool> From(ReadOnlySpan<bool> values, params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor<bool>(CheckCount(values.Length, shape));
        values.CopyTo(tensor.Span);
        return tensor;
    }
}
