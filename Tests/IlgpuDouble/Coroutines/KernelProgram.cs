using System.Reflection;

namespace ILGPU.Double;

/// <summary>
/// Runs a lane from suspension point <paramref name="state"/> (0: the start) to the next, whose number is the answer, or to the end: -1.
/// </summary>
internal delegate int LaneStep<TFrame>(ref TFrame frame, int state) where TFrame : struct;

/// <summary>Gives a lane's frame the arguments of the launch.</summary>
internal delegate void LaneStart<TFrame>(ref TFrame frame, ref TFrame template) where TFrame : struct;

/// <summary>A kernel as a coroutine (see <see cref="CoroutineCompiler"/>).</summary>
internal sealed class KernelProgram(
    MethodInfo kernel, Type frame, Delegate step, Delegate start, IReadOnlyList<string> sites, bool usesAtomics)
{
    /// <summary>The method's name with the names of its type arguments.</summary>
    public string Name { get; } = NameOf(kernel);

    /// <summary>The kernel itself.</summary>
    public MethodInfo Kernel => kernel;

    /// <summary>A struct whose fields f0, f1 … are the arguments, then the locals.</summary>
    public Type Frame => frame;

    /// <summary>A <see cref="LaneStep{TFrame}"/> of <see cref="Frame"/>.</summary>
    public Delegate Step => step;

    /// <summary>A <see cref="LaneStart{TFrame}"/> of <see cref="Frame"/>.</summary>
    public Delegate Start => start;

    /// <summary>What stands at each suspension point, from 1.</summary>
    public IReadOnlyList<string> Sites => sites;

    /// <summary>Whether groups may talk to each other, and so must be resident together.</summary>
    public bool UsesAtomics => usesAtomics;

    public static string NameOf(MethodInfo kernel) => kernel.IsGenericMethod
        ? $"{kernel.Name}<{string.Join(", ", kernel.GetGenericArguments().Select(type => type.Name))}>"
        : kernel.Name;
}

/// <summary>The frames of one group's lanes.</summary>
internal abstract class LaneFrames
{
    /// <summary>Every lane is before the first statement, with the launch's arguments.</summary>
    public abstract void Start();

    /// <summary>Runs a lane until it suspends (false) or ends (true).</summary>
    public abstract bool Resume(int lane);

    /// <summary>The suspension point at which a lane stands.</summary>
    public abstract int Site(int lane);

    /// <summary>The suspension point at which a lane stands, in words.</summary>
    public abstract string Describe(int lane);
}

/// <summary>
/// Frames of one kernel. They lie in an array that the collector does not move, as frames hold addresses of each other's fields.
/// </summary>
internal sealed class LaneFrames<TFrame>(KernelProgram program, int lanes) : LaneFrames where TFrame : struct
{
    readonly TFrame[] frames = GC.AllocateArray<TFrame>(lanes, pinned: true);
    readonly int[] states = new int[lanes];
    readonly LaneStep<TFrame> step = (LaneStep<TFrame>)program.Step;

    readonly LaneStart<TFrame> start = (LaneStart<TFrame>)program.Start;
    TFrame template;

    /// <summary>Sets the arguments of the launch.</summary>
    public void SetArguments(in TFrame frame) => template = frame;

    public override void Start()
    {
        foreach (ref TFrame frame in frames.AsSpan()) start(ref frame, ref template);
        Array.Clear(states);
    }

    public override bool Resume(int lane) => (states[lane] = step(ref frames[lane], states[lane])) < 0;

    public override int Site(int lane) => states[lane];

    public override string Describe(int lane) => states[lane] > 0 ? program.Sites[states[lane] - 1] : "its first statement";
}
