import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { entries, root } from '../../scripts/entries.ts'

/** A parameter of a public function, with the kinds of values that its type refuses. */
export interface PublicParameter {
  readonly name: string
  /** Some value that the type takes. */
  readonly valid: () => unknown
  /** Names of {@link wrongKinds} that the type refuses. */
  readonly refused: readonly string[]
}

/** A function or class of an entry point. */
export interface PublicFunction {
  readonly subpath: string
  readonly name: string
  readonly isClass: boolean
  readonly parameters: readonly PublicParameter[]
}

/** Twelve values, one of each kind that a caller may give by mistake. */
export const wrongKinds: Readonly<Record<string, unknown>> = {
  null: null,
  true: true,
  negative: -1.5,
  NaN: Number.NaN,
  bigint: 10n,
  text: '\ud800',
  symbol: Symbol('s'),
  list: [],
  'list of null': [null],
  object: {},
  function: () => undefined,
  date: new Date(0),
}

const { TypeFlags } = ts

/** Every function and class that the entry points export, but the providers, read from their types. */
export function publicFunctions(): readonly PublicFunction[] {
  const files = readdirSync(join(root, 'src'), { recursive: true }).map((file) => `src/${String(file)}`)
  const all = entries(files.filter((file) => file.endsWith('.ts')))
  const places = all.filter(({ subpath }) => !subpath.startsWith('./providers/'))
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { config: unknown }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const sources = places.map(({ source }) => join(root, source))
  const program = ts.createProgram(sources, { ...options, noEmit: true })
  const reader = new TypeReader(program.getTypeChecker())
  return places.flatMap(({ subpath, source }) =>
    reader.functionsOf(subpath, program.getSourceFile(join(root, source))),
  )
}

class TypeReader {
  readonly #checker: ts.TypeChecker

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker
  }

  functionsOf(subpath: string, file: ts.SourceFile | undefined): PublicFunction[] {
    const module = file && this.#checker.getSymbolAtLocation(file)
    if (module === undefined) return []
    return this.#checker.getExportsOfModule(module).flatMap((exported) => {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0
      const symbol = isAlias ? this.#checker.getAliasedSymbol(exported) : exported
      if ((symbol.flags & ts.SymbolFlags.Value) === 0) return []
      const type = this.#checker.getTypeOfSymbol(symbol)
      const [call] = type.getCallSignatures()
      const [construct] = type.getConstructSignatures()
      const signature = call ?? construct
      if (signature === undefined) return []
      const parameters = signature.parameters.map((parameter) => this.#parameter(parameter))
      return [{ subpath, name: exported.name, isClass: call === undefined, parameters }]
    })
  }

  #parameter(symbol: ts.Symbol): PublicParameter {
    const type = this.#checker.getTypeOfSymbol(symbol)
    return {
      name: symbol.name,
      valid: () => this.#valid(type, 0),
      refused: Object.keys(wrongKinds).filter((kind) => !this.#accepts(type, kind)),
    }
  }

  #accepts(type: ts.Type, kind: string): boolean {
    const { flags } = type
    if ((flags & (TypeFlags.Any | TypeFlags.Unknown | TypeFlags.TypeParameter)) !== 0) return true
    if (type.isUnion()) return type.types.some((one) => this.#accepts(one, kind))
    if (type.isIntersection()) return type.types.every((one) => this.#accepts(one, kind))
    if ((flags & TypeFlags.Null) !== 0) return kind === 'null'
    if ((flags & TypeFlags.BooleanLike) !== 0) return kind === 'true'
    if ((flags & TypeFlags.NumberLike) !== 0) return kind === 'negative' || kind === 'NaN'
    if ((flags & TypeFlags.StringLike) !== 0) return kind === 'text'
    if ((flags & TypeFlags.Object) === 0) return false
    if (type.getCallSignatures().length > 0) return kind === 'function'
    if (this.#isList(type)) return kind.startsWith('list')
    const needed = this.#checker
      .getPropertiesOfType(type)
      .filter((property) => (property.flags & ts.SymbolFlags.Optional) === 0)
    // Without required fields, whatever has no wrong field fits.
    return needed.length === 0 && (kind === 'object' || kind === 'date' || kind === 'function')
  }

  #isList(type: ts.Type): boolean {
    const name = type.symbol?.name
    return this.#checker.isArrayType(type) || this.#checker.isTupleType(type) || name === 'Iterable'
  }

  #valid(type: ts.Type, depth: number): unknown {
    const { flags } = type
    if (type.isUnion()) {
      const absent = TypeFlags.Undefined | TypeFlags.Null
      return this.#valid(
        type.types.find((one) => (one.flags & absent) === 0) ?? (type.types[0] as ts.Type),
        depth,
      )
    }
    if (type.isStringLiteral() || type.isNumberLiteral()) return type.value
    if ((flags & TypeFlags.BooleanLike) !== 0) return true
    if ((flags & TypeFlags.NumberLike) !== 0) return 1
    if ((flags & TypeFlags.Object) === 0 && !type.isIntersection()) return 'x'
    if (type.getCallSignatures().length > 0) return () => undefined
    if (this.#isList(type)) return []
    if (depth > 4) return {}
    const fields = this.#checker
      .getPropertiesOfType(type)
      .filter(({ flags: own, name }) => (own & ts.SymbolFlags.Optional) === 0 && !name.startsWith('__'))
      .map((field) => [field.name, this.#valid(this.#checker.getTypeOfSymbol(field), depth + 1)] as const)
    return Object.fromEntries(fields)
  }
}
