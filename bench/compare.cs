// Runs `llama bench` and peers' programs in turn, and prints medians, spread and the ratio of each pair; with --svg also as a picture.
//
//   dotnet run bench/compare.cs -- --llama2c RUN --tokenizer BIN --checkpoint 15m=BIN --checkpoint 110m=BIN --threads 1,2
//   dotnet run bench/compare.cs -- --runq RUNQ --tokenizer BIN --checkpoint-q8 15m=BIN --threads 1,2
//   dotnet run bench/compare.cs -- --llama-bench llama.cpp=LLAMA_BENCH --gguf NAME=GGUF --gguf NAME=GGUF --threads 2 --prompt 512 --tokens 64
//
// RUN and RUNQ are llama2.c's programs, LLAMA_BENCH is llama.cpp's (or another's of its kind: the option may be given several times). Against
// llama2.c decode in f32 or in blocks of int8, random weights of the shapes that `llama bench --shape` knows beside checkpoints of these. Of GGUF
// files all programs read the same one: prefill (logits of the last position) and decode, each by itself. --batch 8 adds our decode of so many
// sequences together beside our own of one, which is not in the picture. Before each of our decodes `kernel-bench limits` measures how fast so many
// threads read memory; the share is that of the bytes of weights that the decode read a second.
#:property PublishAot=false
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;

const string Alone = "one sequence";
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
ILookup<string, string> options = args.Chunk(2).Where(pair => pair.Length == 2).ToLookup(pair => pair[0].TrimStart('-'), pair => pair[1]);
string Option(string name, string fallback) => options[name].FirstOrDefault(fallback);
int runs = int.Parse(Option("runs", "5")), tokens = int.Parse(Option("tokens", "100"));
int[] threads = [.. Option("threads", "1,2").Split(',').Select(int.Parse)];
(string Shape, string File)[] Files(string name) =>
    [.. options[name].Select(pair => pair.Split('=', 2)).Select(pair => (pair[0], pair[1]))];
if (Files("checkpoint").Length + Files("checkpoint-q8").Length + Files("gguf").Length == 0)
{
    Console.Error.WriteLine(
        "Give --llama2c, --tokenizer and --checkpoint SHAPE=FILE, or --runq and --checkpoint-q8, or --llama-bench NAME=PATH and --gguf NAME=FILE.");
    return 1;
}

string root = Root();
foreach (string project in new[] { Path.Combine("Samples", "Llama"), Path.Combine("bench", "kernels") })
    Run("dotnet", ["build", Path.Combine(root, project), "-c", "Release", "-v", "q", "--nologo"], []);
string llama = Path.Combine(root, "Samples", "Llama", "bin", "Release", "net10.0", "llama.dll");
string kernels = Path.Combine(root, "bench", "kernels", "bin", "Release", "net10.0", "kernel-bench.dll");
string machine = $"{DateTime.UtcNow:yyyy-MM-dd}, {Machine()}; medians of {runs} runs in turn (least to most)";
Console.WriteLine(
    $"{machine}\n\n| work | threads | ours, tokens/s | of what memory gives | peer | peer's, tokens/s | ours / peer's |\n|---|---|---|---|---|---|---|");
var rows = new List<(string Work, int Threads, string Peer, double[] Ratios)>();
foreach (int count in threads)
{
    foreach ((string shape, string file) in Files("checkpoint"))
        Compare($"{shape} f32, decode of {tokens}", count, () => Ours(shape, "f32", count), [("llama2.c run", () => Llama2(Option("llama2c", "run"), file, count))]);
    foreach ((string shape, string file) in Files("checkpoint-q8"))
        Compare($"{shape} Q8_0, decode of {tokens}", count, () => Ours(shape, "q8_0", count), [("llama2.c runq", () => Llama2(Option("runq", "runq"), file, count))]);
    int prompt = int.Parse(Option("prompt", "512"));
    foreach ((string name, string file) in Files("gguf"))
    {
        Compare($"{name}, decode of {tokens}", count, () => Decode(["--model", file], count),
            [.. Files("llama-bench").Select(peer => (peer.Shape, (Func<double>)(() => LlamaBench(peer.File, file, 0, tokens, count))))]);
        Compare($"{name}, prefill of {prompt}", count, () => (Bench(["--model", file], prompt, 1, count).Prefill, double.NaN),
            [.. Files("llama-bench").Select(peer => (peer.Shape, (Func<double>)(() => LlamaBench(peer.File, file, prompt, 0, count))))]);
        foreach (string batch in options["batch"])
        {
            Compare($"{name}, decode of {tokens}, batch of {batch}", count, () => (Bench(["--model", file, "--batch", batch], 1, tokens, count).Decode, double.NaN),
                [(Alone, () => Bench(["--model", file], 1, tokens, count).Decode)]);
        }
    }
}

if (options["svg"].FirstOrDefault() is string picture)
    File.WriteAllText(picture, Picture());
return 0;

void Compare(string work, int count, Func<(double Rate, double Share)> ours, (string Name, Func<double> Run)[] peers)
{
    double[] own = new double[runs], shares = new double[runs];
    double[][] others = [.. peers.Select(_ => new double[runs])];
    for (int i = 0; i < runs && peers.Length > 0; i++)
    {
        (own[i], shares[i]) = ours();
        for (int j = 0; j < peers.Length; j++)
            others[j][i] = peers[j].Run();
    }

    string share = double.IsNaN(shares[0]) ? "" : $"{Spread(shares, "F0")} %";
    for (int j = 0; j < peers.Length; j++)
    {
        double[] ratios = [.. own.Zip(others[j], (mine, theirs) => mine / theirs).Order()];
        Console.WriteLine($"| {work} | {count} | {Spread(own, "F1")} | {share} | {peers[j].Name} | {Spread(others[j], "F1")} | {Spread(ratios, "F2")} |");
        if (peers[j].Name != Alone) rows.Add((work, count, peers[j].Name, ratios));
    }
}

// A bar a row, as long as the median of the ratios; a line from the least to the most; and one where both are as fast.
string Picture()
{
    const int left = 330, step = 22, top = 54, scale = 160, width = 860;
    double longest = Math.Max(1, rows.Max(row => row.Ratios[^1]));
    double unit = Math.Min(scale, (width - left - 60) / longest);
    var svg = new System.Text.StringBuilder();
    int height = top + (rows.Count * step) + 16;
    svg.AppendLine($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">");
    svg.AppendLine($"<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>");
    svg.AppendLine("<text x=\"10\" y=\"20\" font-size=\"14\" font-weight=\"bold\">Tokens a second, Einsharp / peer</text>");
    svg.AppendLine($"<text x=\"10\" y=\"38\" fill=\"#666\" font-size=\"10\">{machine}</text>");
    for (int i = 0; i < rows.Count; i++)
    {
        (string work, int count, string peer, double[] ratios) = rows[i];
        double median = ratios[ratios.Length / 2], y = top + (i * step);
        string color = median >= 1 ? "#2a7f4f" : "#b5562b";
        svg.AppendLine($"<text x=\"{left - 8}\" y=\"{y + 12}\" text-anchor=\"end\">{work}, {count} thread{(count == 1 ? "" : "s")} / {peer}</text>");
        svg.AppendLine($"<rect x=\"{left}\" y=\"{y + 2}\" width=\"{median * unit:F1}\" height=\"12\" fill=\"{color}\"/>");
        svg.AppendLine($"<path d=\"M{left + (ratios[0] * unit):F1} {y + 8}H{left + (ratios[^1] * unit):F1}\" stroke=\"#222\"/>");
        svg.AppendLine($"<text x=\"{left + (ratios[^1] * unit) + 6:F1}\" y=\"{y + 12}\">{median:F2}</text>");
    }

    svg.AppendLine($"<path d=\"M{left + unit:F1} {top - 6}V{height - 10}\" stroke=\"#222\" stroke-dasharray=\"3 3\"/>");
    return svg.AppendLine("</svg>").ToString();
}

static string Machine()
{
    string[] lines = File.Exists("/proc/cpuinfo") ? File.ReadAllLines("/proc/cpuinfo") : [];
    string Field(string name) => lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "";
    string flags = $" {Field("flags")} ";
    string vectors = flags.Contains(" avx512f ") ? flags.Contains(" avx512_vnni ") ? "AVX-512 with VNNI" : "AVX-512" : flags.Contains(" avx2 ") ? "AVX2" : "";
    return $"{Field("model name")}, {Environment.ProcessorCount} cores, {vectors}";
}

double Llama2(string program, string file, int count) => double.Parse(Regex.Match(
    Run(program, [file, "-z", Option("tokenizer", "tokenizer.bin"), "-t", "0", "-n", $"{tokens}"], [("OMP_NUM_THREADS", $"{count}")]),
    @"achieved tok/s: ([\d.]+)").Groups[1].Value);

(double Rate, double Share) Ours(string shape, string format, int count) => Decode(["--shape", shape, "--dtype", format], count);

(double Rate, double Share) Decode(string[] model, int count)
{
    double limit = Json("dotnet", kernels, "limits", "--threads", $"{count}").GetProperty("read_gb_per_s").GetDouble();
    var run = Bench(model, 1, tokens, count);
    return (run.Decode, 100 * run.Read / limit);
}

(double Prefill, double Decode, double Read) Bench(string[] model, int prompt, int decoded, int count)
{
    JsonElement run = Json(
        "dotnet", [llama, "bench", .. model, "--prompt", $"{prompt}", "--tokens", $"{decoded}", "--threads", $"{count}", "--json"]);
    double Figure(string name) => run.GetProperty(name).GetDouble();
    return (Figure("prefill_tps"), Figure("decode_tps"), Figure("gb_per_s"));
}

double LlamaBench(string program, string file, int prompt, int decoded, int count) =>
    Json(program, "-m", file, "-t", $"{count}", "-p", $"{prompt}", "-n", $"{decoded}", "-r", "1", "-o", "json")[0].GetProperty("avg_ts").GetDouble();

static JsonElement Json(string program, params string[] arguments) => JsonDocument.Parse(Run(program, arguments, [])).RootElement;

static string Spread(IEnumerable<double> values, string format)
{
    double[] sorted = [.. values.Order()];
    return $"{sorted[sorted.Length / 2].ToString(format)} ({sorted[0].ToString(format)} to {sorted[^1].ToString(format)})";
}

static string Run(string program, string[] arguments, (string Name, string Value)[] environment)
{
    var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
    foreach ((string name, string value) in environment)
        start.Environment[name] = value;
    using Process process = Process.Start(start)!;
    Task<string> errors = process.StandardError.ReadToEndAsync();
    string output = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return process.ExitCode == 0
        ? output + errors.Result
        : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {errors.Result}");
}

static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, ".."));
