// The public interface as JSON, from its types: every module of the package with what it exports, parameters, results and first sentences.
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The modules of package.json by their names, with the files of their types. `folder` stands for dist. */
export function modulesOf(folder = join(root, 'dist'), ending = '.d.ts') {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.entries(exports).flatMap(([name, target]) =>
    typeof target === 'object'
      ? [[join('heddle', name), join(folder, target.types.replace('./dist/', '').replace('.d.ts', ending))]]
      : [],
  );
}

/** @param {readonly (readonly [name: string, file: string])[]} modules */
export function describeApi(modules) {
  const program = ts.createProgram(
    modules.map(([, file]) => file),
    { ...options(), noEmit: true },
  );
  const checker = program.getTypeChecker();
  return {
    version: 1,
    modules: modules.map(([name, file]) => {
      const symbol = checker.getSymbolAtLocation(program.getSourceFile(file));
      const exported = symbol === undefined ? [] : checker.getExportsOfModule(symbol);
      return {
        name,
        exports: exported
          .map((each) => describe(checker, each, new Set()))
          .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
      };
    }),
  };
}

function options() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  return ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, skipLibCheck: true }, root).options;
}

const FORMAT = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope;

function describe(checker, exported, around) {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const base = { name: exported.name, ...about(checker, symbol) };
  // `export * as nn`.
  if (symbol.flags & ts.SymbolFlags.ValueModule && !around.has(symbol))
    return {
      kind: 'namespace',
      ...base,
      exports: checker
        .getExportsOfModule(symbol)
        .map((each) => describe(checker, each, new Set([...around, symbol]))),
    };
  if (symbol.flags & ts.SymbolFlags.Class) return { kind: 'class', ...base, ...classOf(checker, symbol) };
  if (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable)) {
    const type = checker.getTypeOfSymbol(symbol);
    const calls = type.getCallSignatures();
    if (calls.length === 0) return { kind: 'constant', ...base, type: text(checker, type) };
    return { kind: 'function', ...base, signatures: calls.map((call) => signature(checker, call)) };
  }
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  const isInterface = (symbol.flags & ts.SymbolFlags.Interface) !== 0;
  return isInterface
    ? { kind: 'interface', ...base, members: members(checker, type) }
    : {
        kind: 'type',
        ...base,
        type: checker.typeToString(type, undefined, FORMAT | ts.TypeFormatFlags.InTypeAlias),
      };
}

const text = (checker, type) => checker.typeToString(type, undefined, FORMAT);

/** The first sentence of what stands above a declaration. */
function about(checker, symbol) {
  const whole = ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .replaceAll(/\s+/g, ' ')
    .trim();
  const first = /^.*?\.(?= |$)/.exec(whole)?.[0] ?? whole;
  return first === '' ? {} : { about: first };
}

function signature(checker, call) {
  const parameters = call.getParameters().map((parameter) => {
    const declaration = parameter.valueDeclaration;
    const isOptional =
      declaration !== undefined && ts.isParameter(declaration) && checker.isOptionalParameter(declaration);
    return {
      name: parameter.name,
      type: text(checker, checker.getTypeOfSymbol(parameter)),
      ...(isOptional ? { optional: true } : {}),
    };
  });
  return { parameters, returns: text(checker, call.getReturnType()) };
}

function members(checker, type) {
  return type
    .getProperties()
    .filter((member) => !isHidden(member))
    .map((member) => {
      const own = checker.getTypeOfSymbol(member);
      const calls = own.getCallSignatures();
      return {
        name: member.name,
        ...about(checker, member),
        ...(member.flags & ts.SymbolFlags.Optional ? { optional: true } : {}),
        ...(calls.length > 0 && member.flags & ts.SymbolFlags.Method
          ? { signatures: calls.map((call) => signature(checker, call)) }
          : { type: text(checker, own) }),
      };
    });
}

/** What is private, or named by a symbol. */
function isHidden(member) {
  if (member.name.startsWith('__@') || member.name.startsWith('__#') || member.name.startsWith('#'))
    return true;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return (member.declarations ?? []).some((each) => (ts.getCombinedModifierFlags(each) & hidden) !== 0);
}

function classOf(checker, symbol) {
  const made = checker.getTypeOfSymbol(symbol);
  return {
    signatures: made.getConstructSignatures().map((call) => signature(checker, call)),
    members: members(checker, checker.getDeclaredTypeOfSymbol(symbol)),
  };
}
