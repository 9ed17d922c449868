using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Einsharp.Tests.Ilgpu;

/// <summary>A construct in a kernel, or in what it calls, that real ILGPU refuses or silently breaks.</summary>
/// <param name="Rule">Which rule (a name of <see cref="KernelRules"/>).</param>
/// <param name="Kernel">The kernel.</param>
/// <param name="Place">File, line and column, counted from 1.</param>
/// <param name="What">The construct.</param>
internal sealed record KernelViolation(string Rule, string Kernel, string Place, string What)
{
    public override string ToString() => $"{Place}: {Rule} in {Kernel}: {What}";
}

/// <summary>
/// Walks the kernels of a compilation (static methods that return nothing and whose first parameter is a SpecializedValue) and everything
/// of source that they call, and reports what ILGPU does not take. The double runs C#, so this is what keeps a kernel that passes there a
/// kernel.
/// </summary>
internal sealed class KernelRules
{
    public const string Delegate = "delegate", Capture = "capture", Throw = "throw", Try = "try", Span = "span", StackAlloc = "stackalloc",
        InlineArray = "inline array", Text = "string", Class = "class", ExplicitLayout = "explicit layout",
            MutableStatic = "mutable static",
        Array = "array", Forbidden = "function", Recursion = "recursion", Visibility = "visibility", Parameters = "parameters",
        UnsignedIndex = "unsigned index", Barrier = "barrier", SharedMemory = "shared memory", Enumeration = "foreach";

    const int MaxSharedBytes = 48 * 1024, MaxParameters = 14;

    // From MathF and Math these alone are the same everywhere; Fma and Log2 even become unresolved externs.
    static readonly HashSet<string> Functions =
    [
        "System.MathF.Exp", "System.MathF.Sqrt", "System.MathF.Abs", "System.MathF.Min", "System.MathF.Max", "System.MathF.Floor",
        "System.Math.Abs", "System.Math.Min", "System.Math.Max",
    ];

    static readonly HashSet<string> BrokenTypes = ["System.Half", "System.Numerics.Vector2", "System.Numerics.Vector3",
        "System.Numerics.Vector4"];

    readonly ImmutableArray<Compilation> sources;
    readonly List<KernelViolation> found = [];
    readonly HashSet<ISymbol> walked = new(SymbolEqualityComparer.Default);
    readonly Stack<ISymbol> calls = new();
    IMethodSymbol kernel = null!;
    long sharedBytes;

    KernelRules(ImmutableArray<Compilation> sources) => this.sources = sources;

    /// <summary>
    /// Checks the kernels of <paramref name="compilation"/>; what they call is looked up there and in <paramref name="libraries"/>.
    /// </summary>
    public static IReadOnlyList<KernelViolation> Check(Compilation compilation, params ReadOnlySpan<Compilation> libraries)
    {
        var rules = new KernelRules([compilation, .. libraries]);
        foreach (IMethodSymbol method in Kernels(compilation)) rules.CheckKernel(method);
        return [.. rules.found.Distinct()];
    }

    /// <summary>The kernels of a compilation.</summary>
    public static IEnumerable<IMethodSymbol> Kernels(Compilation compilation) =>
        Types(compilation.Assembly.GlobalNamespace).SelectMany(type => type.GetMembers().OfType<IMethodSymbol>())
            .Where(method => method
                is { IsStatic: true, ReturnsVoid: true, Parameters: [{ Type: INamedTypeSymbol { Name: "SpecializedValue" } }, ..] });

    static IEnumerable<INamedTypeSymbol> Types(INamespaceOrTypeSymbol parent) => parent.GetMembers().OfType<INamespaceOrTypeSymbol>()
        .SelectMany(member => member is INamedTypeSymbol type ? Types(member).Prepend(type) : Types(member));

    void CheckKernel(IMethodSymbol method)
    {
        kernel = method;
        walked.Clear();
        sharedBytes = 0;
        SyntaxNode node = method.DeclaringSyntaxReferences[0].GetSyntax();
        if (!IsPublic(method)) Report(Visibility, node, $"{method.Name} or a type around it is not public");
        if (method.Parameters.Length > MaxParameters) Report(
            Parameters, node, $"{method.Parameters.Length} parameters; ILGPU's loaders take {MaxParameters}");
        foreach (IParameterSymbol parameter in method.Parameters)
        {
            if (parameter.RefKind != RefKind.None) Report(Parameters, node, $"{parameter.Name} is passed by reference");
            if (parameter.Type.IsReferenceType) Report(Parameters, node, $"{parameter.Name} is a class");
            if (parameter.Type is INamedTypeSymbol type && !IsPublic(type)) Report(Visibility, node, $"{type.Name} is not public");
            CheckType(parameter.Type, node);
        }
        Walk(method);
        if (sharedBytes > MaxSharedBytes) Report(SharedMemory, node, $"{sharedBytes} bytes of shared memory; a group has {MaxSharedBytes}");
    }

    static bool IsPublic(ISymbol symbol) => symbol.DeclaredAccessibility == Accessibility.Public
        && (symbol.ContainingType is null || IsPublic(symbol.ContainingType))
        && (symbol is not INamedTypeSymbol type || type.TypeArguments.OfType<INamedTypeSymbol>().All(IsPublic));

    /// <summary>Walks a method that has source here or in a library; others are judged by their name alone.</summary>
    void Walk(IMethodSymbol method)
    {
        method = method.OriginalDefinition;
        if (calls.Contains(method, SymbolEqualityComparer.Default))
        {
            Report(Recursion, method.DeclaringSyntaxReferences[0].GetSyntax(), $"{method.Name} calls itself");
            return;
        }
        if (!walked.Add(method)) return;
        calls.Push(method);
        foreach (SyntaxReference reference in method.DeclaringSyntaxReferences)
        {
            SyntaxNode node = reference.GetSyntax();
            if (sources.FirstOrDefault(source => source.ContainsSyntaxTree(node.SyntaxTree)) is not { } compilation) continue;
            SemanticModel model = compilation.GetSemanticModel(node.SyntaxTree);
            if ((model.GetOperation(node) ?? (Body(node) is { } body ? model.GetOperation(body) : null)) is { } operation) Visit(operation);
            foreach (SyntaxNode stack in node.DescendantNodes()
                .Where(n => n is StackAllocArrayCreationExpressionSyntax or ImplicitStackAllocArrayCreationExpressionSyntax))
                Report(StackAlloc, stack, stack.ToString());
        }
        calls.Pop();
    }

    static SyntaxNode? Body(SyntaxNode node) => node switch
    {
        ArrowExpressionClauseSyntax arrow => arrow.Expression,
        AccessorDeclarationSyntax accessor => (SyntaxNode?)accessor.Body ?? accessor.ExpressionBody?.Expression,
        PropertyDeclarationSyntax property => property.ExpressionBody?.Expression,
        LocalFunctionStatementSyntax function => (SyntaxNode?)function.Body ?? function.ExpressionBody?.Expression,
        _ => null,
    };

    void Visit(IOperation operation)
    {
        // A string constant that inline PTX is made of is the one string there may be.
        if (operation is IArgumentOperation { Parent: IInvocationOperation { TargetMethod.ContainingType.Name: "CudaAsm" },
            Value.ConstantValue.HasValue: true })
            return;
        Judge(operation);
        foreach (IOperation child in operation.ChildOperations) Visit(child);
    }

    void Judge(IOperation operation)
    {
        SyntaxNode node = operation.Syntax;
        switch (operation)
        {
            case IAnonymousFunctionOperation or IDelegateCreationOperation or IMethodReferenceOperation: Report(
                Delegate, node, node.ToString()); return;
            case ILocalFunctionOperation function when !function.Symbol.IsStatic: Report(
                Capture, node, $"{function.Symbol.Name} is not static"); break;
            case IThrowOperation: Report(Throw, node, node.ToString()); return;
            case ITryOperation or IUsingOperation or IUsingDeclarationOperation or ILockOperation: Report(
                Try, node, FirstLine(node)); break;
            case IForEachLoopOperation: Report(Enumeration, node, FirstLine(node)); break;
            case IArrayCreationOperation: Report(Array, node, node.ToString()); return;
            case IFieldReferenceOperation { Field: { IsStatic: true, IsConst: false } field }: JudgeStatic(
                field, field.IsReadOnly, field.Type, node); break;
            case IPropertyReferenceOperation property: JudgeProperty(property); break;
            case IInvocationOperation call: JudgeCall(call); break;
            case IObjectCreationOperation { Constructor: { } constructor }: Follow(constructor, node); break;
            case IBinaryOperation { OperatorMethod: { } method }: Follow(method, node); break;
            case IUnaryOperation { OperatorMethod: { } method }: Follow(method, node); break;
            case IConversionOperation { OperatorMethod: { } method }: Follow(method, node); break;
            case ICompoundAssignmentOperation { OperatorMethod: { } method }: Follow(method, node); break;
            case IVariableDeclaratorOperation { Symbol: var local }: CheckType(local.Type, node); break;
        }
        if (operation.Type is { } type && !operation.IsImplicit) CheckType(type, node);
    }

    void JudgeStatic(ISymbol symbol, bool isReadOnly, ITypeSymbol type, SyntaxNode node)
    {
        if (type is IArrayTypeSymbol) Report(Array, node, $"the static array {symbol.Name}");
        else if (!isReadOnly) Report(MutableStatic, node, symbol.Name);
    }

    void JudgeProperty(IPropertyReferenceOperation reference)
    {
        IPropertySymbol property = reference.Property;
        bool isAuto = property.ContainingType.GetMembers().OfType<IFieldSymbol>()
            .Any(f => SymbolEqualityComparer.Default.Equals(f.AssociatedSymbol, property));
        if (property.IsStatic && isAuto) JudgeStatic(property, property.SetMethod is null, property.Type, reference.Syntax);
        if (IsOfView(property.ContainingType)) JudgeIndices(reference.Arguments);
        if (property.GetMethod is { } getter && !isAuto) Follow(getter, reference.Syntax);
    }

    void JudgeCall(IInvocationOperation call)
    {
        IMethodSymbol method = call.TargetMethod;
        if (IsOfView(method.ContainingType)) JudgeIndices(call.Arguments);
        switch (method.ContainingType?.ToDisplayString())
        {
            case "ILGPU.Group" when method.Name == "Barrier" && !IsInLanes(calls.Peek()):
                Report(Barrier, call.Syntax, "Group.Barrier: on OpenCL it does not fence shared memory; call Lanes.Barrier");
                break;
            case "ILGPU.SharedMemory" when call.Arguments is [{ Value.ConstantValue: { HasValue: true, Value: int extent } }]:
                sharedBytes += (long)extent * Size(method.TypeArguments[0]);
                break;
            case "ILGPU.Runtime.ArrayViewExtensions":
                Report(Forbidden, call.Syntax, $"{method.Name} of a view belongs on the host, or is broken (AlignTo)");
                break;
        }
        Follow(method, call.Syntax);
    }

    static bool IsInLanes(ISymbol method) => method.ContainingType is { Name: "Lanes", ContainingNamespace: { Name: "Ilgpu" } };

    static bool IsOfView(INamedTypeSymbol? type) => type is { Name: "ArrayView", ContainingNamespace: { Name: "ILGPU" } };

    void JudgeIndices(ImmutableArray<IArgumentOperation> arguments)
    {
        foreach (IArgumentOperation argument in arguments)
        {
            IOperation value = argument.Value;
            while (value is IConversionOperation { IsImplicit: true } conversion) value = conversion.Operand;
            if (value.Type?.SpecialType is SpecialType.System_UInt32 or SpecialType.System_UInt64 or SpecialType.System_UIntPtr
                && !value.ConstantValue.HasValue)
                Report(UnsignedIndex, argument.Syntax, argument.Syntax.ToString());
        }
    }

    /// <summary>Goes on into a method, or judges it by its name if it has no source.</summary>
    void Follow(IMethodSymbol method, SyntaxNode node)
    {
        IMethodSymbol target = method.ReducedFrom ?? method;
        if (target.ContainingType?.TypeKind == TypeKind.Interface && target.IsStatic)
        {
            foreach (IMethodSymbol implementation in Implementations(target)) Walk(implementation);
            return;
        }
        if (InSource(target) is { } source) Walk(source);
        else if (target.ContainingNamespace?.ToDisplayString() is { } space && target.ContainingType is { } container
            && (space == "System" || space.StartsWith("System.", StringComparison.Ordinal)))
        {
            string name = $"{container.OriginalDefinition.ToDisplayString()}.{target.Name}";
            bool isBuiltIn = target.MethodKind == MethodKind.Constructor || container.SpecialType != SpecialType.None
                || container.IsTupleType || container.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T;
            if (!isBuiltIn && !Functions.Contains(name)) Report(Forbidden, node, name);
        }
    }

    /// <summary>The symbol of a method in the compilation that has its source.</summary>
    IMethodSymbol? InSource(IMethodSymbol method)
    {
        IMethodSymbol definition = method.OriginalDefinition;
        if (!definition.DeclaringSyntaxReferences.IsEmpty) return definition;
        string? id = definition.GetDocumentationCommentId();
        return id is null ? null : sources.Select(source => DocumentationCommentId.GetFirstSymbolForDeclarationId(id, source))
            .OfType<IMethodSymbol>()
            .FirstOrDefault(symbol => !symbol.DeclaringSyntaxReferences.IsEmpty);
    }

    IEnumerable<IMethodSymbol> Implementations(IMethodSymbol member)
    {
        string? id = member.OriginalDefinition.GetDocumentationCommentId();
        foreach (Compilation source in sources)
            foreach (INamedTypeSymbol type in Types(source.Assembly.GlobalNamespace))
                foreach (INamedTypeSymbol contract in type.AllInterfaces)
                    foreach (ISymbol declared in contract.GetMembers(member.Name))
                        if (declared.OriginalDefinition.GetDocumentationCommentId() == id
                            && type.FindImplementationForInterfaceMember(declared) is IMethodSymbol found)
                            yield return found;
    }

    void CheckType(ITypeSymbol type, SyntaxNode node)
    {
        if (type is INamedTypeSymbol { IsRefLikeType: true } || type.OriginalDefinition.ToDisplayString()
            is "System.Span<T>" or "System.ReadOnlySpan<T>")
            Report(Span, node, type.Name);
        else if (type.SpecialType == SpecialType.System_String) Report(Text, node, node.ToString());
        else if (type is IArrayTypeSymbol) Report(Array, node, type.ToDisplayString());
        else if (type.TypeKind == TypeKind.Delegate) Report(Delegate, node, type.Name);
        else if (type.IsReferenceType && type.TypeKind is TypeKind.Class or TypeKind.Interface or TypeKind.Dynamic) Report(
            Class, node, type.Name);
        else if (BrokenTypes.Contains(type.ToDisplayString())) Report(Forbidden, node, type.ToDisplayString());
        foreach (AttributeData attribute in type.GetAttributes())
        {
            if (attribute.AttributeClass?.Name == "InlineArrayAttribute") Report(InlineArray, node, type.Name);
            if (attribute.AttributeClass?.Name == "StructLayoutAttribute" && attribute.ConstructorArguments
                is [{ Value: (int)LayoutKind.Explicit }, ..])
                Report(ExplicitLayout, node, type.Name);
        }
    }

    /// <summary>The bytes of a value. Structs of our kernels have fields of one alignment.</summary>
    static int Size(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_Byte or SpecialType.System_SByte or SpecialType.System_Boolean => 1,
        SpecialType.System_Int16 or SpecialType.System_UInt16 or SpecialType.System_Char => 2,
        SpecialType.System_Int64 or SpecialType.System_UInt64 or SpecialType.System_Double => 8,
        _ when type.TypeKind == TypeKind.Struct && type.SpecialType == SpecialType.None => type.GetMembers().OfType<IFieldSymbol>()
            .Where(field => !field.IsStatic).Sum(field => Size(field.Type)),
        _ => 4,
    };

    void Report(string rule, SyntaxNode node, string what)
    {
        FileLinePositionSpan span = node.GetLocation().GetLineSpan();
        found.Add(new(rule, kernel.Name, $"{span.Path}({span.StartLinePosition.Line + 1},{span.StartLinePosition.Character + 1})", what));
    }

    static string FirstLine(SyntaxNode node) => node.ToString().Split('\n')[0].Trim();
}
