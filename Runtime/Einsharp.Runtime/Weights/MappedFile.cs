using System.IO.MemoryMappedFiles;
using Einsharp.Cpu;
using Microsoft.Win32.SafeHandles;

namespace Einsharp.Weights;

/// <summary>
/// A file as read-only memory. Who keeps a pointer into it keeps this object too: the mapping goes when nothing refers to it.
/// (A file that another program cuts short meanwhile is beyond help: reading what is gone ends the process.)
/// </summary>
internal sealed unsafe class MappedFile
{
    private readonly SafeMemoryMappedViewHandle _view;
    private bool _isLent;

    private MappedFile(SafeMemoryMappedViewHandle view, long length)
    {
        _view = view;
        Length = length;
    }

    /// <summary>Maps a whole file, of one byte at least.</summary>
    /// <exception cref="CheckpointException">
    /// There is no such file, it may not be read, or it is shorter than <paramref name="least"/>.
    /// </exception>
    public static MappedFile Open(string path, int least)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            long length = file.Length;
            if (length < Math.Max(least, 1))
                throw new CheckpointException($"{path}: expected at least {least} bytes, the file has {length}");
            using var mapping = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None,
                leaveOpen: true);
            // The accessor is dropped: it has no finalizer, and its handle is all that holds the view.
            MemoryMappedViewAccessor view = mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            var mapped = new MappedFile(view.SafeMemoryMappedViewHandle, length);
            HugePages.Ask(mapped.Data, length);
            return mapped;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CheckpointException($"{path}: cannot be read: {CheckpointException.Quote(e.Message)}", e);
        }
    }

    public long Length { get; }

    /// <summary>The first byte. The view begins at the file's beginning, so its handle is the address.</summary>
    public byte* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_view.IsClosed, this);
            return (byte*)_view.DangerousGetHandle();
        }
    }

    /// <summary>From now on parameters point into the file, and <see cref="Release"/> leaves it to them.</summary>
    public void Lend() => _isLent = true;

    /// <summary>Unmaps the file now, unless parameters point into it.</summary>
    public void Release()
    {
        if (!_isLent) _view.Dispose();
    }
}
