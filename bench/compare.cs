// Runs `llama bench` and a peer's program in turn, and prints medians, spread and the ratio of each pair.
//
//   dotnet run bench/compare.cs -- --llama2c RUN --tokenizer BIN --checkpoint 15m=BIN --checkpoint 110m=BIN --threads 1,2
//   dotnet run bench/compare.cs -- --llama-bench LLAMA_BENCH --gguf NAME=GGUF --gguf NAME=GGUF --threads 2 --prompt 512 --tokens 64
//
// RUN is llama2.c's program, LLAMA_BENCH is llama.cpp's (or ik_llama.cpp's). Against llama2.c decode in f32, random weights of the shapes that
// `llama bench --shape` knows beside checkpoints of these. Of GGUF files both programs read the same one: prefill (logits of the last position)
// and decode, each by itself.
#:property PublishAot=false
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
ILookup<string, string> options = args.Chunk(2).Where(pair => pair.Length == 2).ToLookup(pair => pair[0].TrimStart('-'), pair => pair[1]);
string Option(string name, string fallback) => options[name].FirstOrDefault(fallback);
int runs = int.Parse(Option("runs", "5")), tokens = int.Parse(Option("tokens", "100"));
int[] threads = [.. Option("threads", "1,2").Split(',').Select(int.Parse)];
(string Shape, string File)[] Files(string name) =>
    [.. options[name].Select(pair => pair.Split('=', 2)).Select(pair => (pair[0], pair[1]))];
if (Files("checkpoint").Length + Files("gguf").Length == 0)
{
    Console.Error.WriteLine("Give --llama2c, --tokenizer and --checkpoint SHAPE=FILE, or --llama-bench and --gguf NAME=FILE.");
    return 1;
}

string root = Root();
Run("dotnet", ["build", Path.Combine(root, "Samples", "Llama"), "-c", "Release", "-v", "q", "--nologo"], []);
string llama = Path.Combine(root, "Samples", "Llama", "bin", "Release", "net10.0", "llama.dll");
Console.WriteLine("| shape | threads | ours, tokens/s | peer, tokens/s | ours / peer |\n|---|---|---|---|---|");
foreach (int count in threads)
{
    foreach ((string shape, string file) in Files("checkpoint"))
    {
        Compare(shape, count, () => Ours(shape, "f32", count), () => double.Parse(Regex.Match(
            Run(
                Option("llama2c", "run"), [file, "-z", Option("tokenizer", "tokenizer.bin"), "-t", "0", "-n", $"{tokens}"],
                [("OMP_NUM_THREADS", $"{count}")]),
            @"achieved tok/s: ([\d.]+)").Groups[1].Value));
    }

    foreach ((string name, string file) in Files("gguf"))
    {
        int prompt = int.Parse(Option("prompt", "512"));
        Compare($"{name}, decode of {tokens}", count,
            () => Bench(["--model", file], 1, tokens, count, "decode_tps"), () => LlamaBench(file, 0, tokens, count));
        Compare($"{name}, prefill of {prompt}", count,
            () => Bench(["--model", file], prompt, 1, count, "prefill_tps"), () => LlamaBench(file, prompt, 0, count));
    }
}

return 0;

void Compare(string shape, int count, Func<double> ours, Func<double> peer)
{
    var pairs = new List<(double Ours, double Peer)>();
    for (int i = 0; i < runs; i++)
    {
        double first = ours();
        pairs.Add((first, peer()));
    }

    string own = Spread(pairs.Select(pair => pair.Ours), "F1"), other = Spread(pairs.Select(pair => pair.Peer), "F1");
    string ratio = Spread(pairs.Select(pair => pair.Ours / pair.Peer), "F2");
    Console.WriteLine($"| {shape} | {count} | {own} | {other} | {ratio} |");
}

double Ours(string shape, string format, int count) => Bench(["--shape", shape, "--dtype", format], 1, tokens, count, "decode_tps");

double Bench(string[] model, int prompt, int decoded, int count, string figure) => JsonDocument.Parse(
    Run("dotnet", [llama, "bench", .. model, "--prompt", $"{prompt}", "--tokens", $"{decoded}", "--threads", $"{count}", "--json"], []))
    .RootElement.GetProperty(figure).GetDouble();

double LlamaBench(string file, int prompt, int decoded, int count) => JsonDocument.Parse(
    Run(Option("llama-bench", "llama-bench"),
        ["-m", file, "-t", $"{count}", "-p", $"{prompt}", "-n", $"{decoded}", "-r", "1", "-o", "json"], []))
    .RootElement[0].GetProperty("avg_ts").GetDouble();

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
