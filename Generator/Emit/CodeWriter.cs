using System.Text;

namespace Einsharp.Generator.Emit;

/// <summary>
/// Writes C# text: LF, four spaces a level. A raw string literal of several lines keeps its own indentation relative to the current level,
/// so that an emitter reads like what it emits.
/// </summary>
internal sealed class CodeWriter
{
    private readonly StringBuilder _text = new();
    private int _level;
    private bool _afterOpening = true;

    /// <summary>Writes one or more lines at the current level. Empty lines carry no spaces.</summary>
    public void Write(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            if (line.Length > 0)
                _text.Append(' ', _level * 4).Append(line);
            _text.Append('\n');
        }

        _afterOpening = false;
    }

    /// <summary>An empty line, unless a block was just opened.</summary>
    public void Gap()
    {
        if (!_afterOpening)
            _text.Append('\n');
        _afterOpening = true;
    }

    private void DropGap()
    {
        if (_text.Length > 1 && _text[_text.Length - 1] == '\n' && _text[_text.Length - 2] == '\n')
            _text.Length--;
    }

    /// <summary>Opens a block: the head, a brace, and a level more until the result is disposed.</summary>
    public Block Open(string head)
    {
        Write(head + "\n{");
        _level++;
        _afterOpening = true;
        return new Block(this);
    }

    /// <summary>Opens a method; its parameters go on a line of their own where they would make the first too long.</summary>
    public Block OpenMethod(string head, IEnumerable<string> parameters)
    {
        string list = string.Join(", ", parameters);
        return Open(head.Length + list.Length + _level * 4 < 138 ? $"{head}({list})" : $"{head}(\n    {list})");
    }

    /// <summary>Opens a generic method; its constraints go on lines of their own.</summary>
    public Block OpenMethod(string head, IEnumerable<string> parameters, IReadOnlyList<string> constraints)
    {
        string list = string.Join(", ", parameters);
        bool isShort = head.Length + list.Length + _level * 4 < 138;
        return Open($"{head}({(isShort ? list : "\n    " + list)})" + string.Concat(constraints.Select(constraint => "\n    " + constraint)));
    }

    /// <summary>A statement head whose body is one statement on the next line.</summary>
    public void Write(string head, string body)
    {
        Write(head);
        _level++;
        Write(body);
        _level--;
    }

    /// <summary>A statement head whose body, one statement, is written by <paramref name="body"/>.</summary>
    public void Write(string head, Action body)
    {
        Write(head);
        _level++;
        body();
        _level--;
    }

    public override string ToString() => _text.ToString();

    internal readonly struct Block(CodeWriter writer) : IDisposable
    {
        public void Dispose()
        {
            writer._level--;
            writer.DropGap();
            writer.Write("}");
        }
    }
}
