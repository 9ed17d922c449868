using System.Diagnostics.CodeAnalysis;
using System.Reflection;

// What the generator looks for among a project's references before it emits ILGPU kernels, with the version of the contract between the two.
[assembly: AssemblyMetadata("Einsharp.Backend", "ilgpu/1")]

// Kernels read fields of structs that are laid out on the device as they are declared.
[assembly: SuppressMessage("Design", "CA1051", Scope = "namespaceanddescendants", Target = "~N:Einsharp.Ilgpu")]
