import { join } from 'node:path'
import ts from 'typescript'

/** What a value of a type may be, as JSON has it. */
export type Shape =
  | { readonly kind: 'any' }
  | { readonly kind: 'word'; readonly value: string | number | boolean | null }
  | { readonly kind: 'text' | 'number' | 'flag' }
  | { readonly kind: 'pattern'; readonly pattern: RegExp }
  | { readonly kind: 'list'; readonly item: Shape }
  | { readonly kind: 'either'; readonly shapes: readonly Shape[] }
  | ObjectShape
  | { readonly kind: 'nothing' }

export interface ObjectShape {
  readonly kind: 'object'
  readonly name: string
  readonly fields: ReadonlyMap<string, FieldShape>
  /** Shape of the values under other names; absent if there are none. */
  readonly rest?: Shape | undefined
}

export interface FieldShape {
  /** Where the field is declared: one for all types that inherit it. */
  readonly id: string
  readonly isRequired: boolean
  readonly shape: () => Shape
}

const ANY: Shape = { kind: 'any' }
const NOTHING: Shape = { kind: 'nothing' }

/** Reads the types of the interface `name` in a file of this folder as shapes, by the compiler. Fields are read when they are asked for. */
export function readShapes(file: string, name: string): ReadonlyMap<string, () => Shape> {
  const path = join(import.meta.dirname, file)
  const program = programOf(path)
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(path) as ts.SourceFile
  const declared = source.statements.find(
    (one): one is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(one) && one.name.text === name,
  ) as ts.InterfaceDeclaration
  const type = checker.getTypeAtLocation(declared)
  const reader = new ShapeReader(checker)
  return new Map(
    checker
      .getPropertiesOfType(type)
      .map((property) => [property.name, () => reader.read(checker.getTypeOfSymbol(property))]),
  )
}

// Parts of the packages that no body is made of: clients, streams, checkers.
const UNUSED = /(^zod|\/(core|lib|internal|_vendor)\/|ClientSDK|streaming|pagination|\/errors?$)/

function programOf(path: string): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2015.d.ts'],
    types: [],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    allowImportingTsExtensions: true,
  }
  const host = ts.createCompilerHost(options)
  host.resolveModuleNameLiterals = (literals, file, ...[redirected, all, source]) =>
    literals.map((literal) => {
      if (UNUSED.test(literal.text)) return { resolvedModule: undefined }
      const mode = ts.getModeForUsageLocation(source, literal, all)
      return ts.resolveModuleName(literal.text, file, all, host, undefined, redirected, mode)
    })
  return ts.createProgram([path], options, host)
}

class ShapeReader {
  readonly #checker: ts.TypeChecker
  readonly #known = new Map<ts.Type, Shape>()

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker
  }

  read(type: ts.Type): Shape {
    const known = this.#known.get(type)
    if (known !== undefined) return known
    const shape = this.#make(type)
    this.#known.set(type, shape)
    return shape
  }

  #make(type: ts.Type): Shape {
    const { flags } = type
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.NonPrimitive)) return ANY
    if (type.isStringLiteral() || type.isNumberLiteral()) return { kind: 'word', value: type.value }
    if (flags & ts.TypeFlags.BooleanLiteral)
      return { kind: 'word', value: this.#checker.typeToString(type) === 'true' }
    if (flags & ts.TypeFlags.Null) return { kind: 'word', value: null }
    if (flags & ts.TypeFlags.StringLike)
      return flags & ts.TypeFlags.TemplateLiteral
        ? patternOf(type as ts.TemplateLiteralType)
        : { kind: 'text' }
    if (flags & ts.TypeFlags.NumberLike) return { kind: 'number' }
    if (flags & ts.TypeFlags.BooleanLike && !type.isUnion()) return { kind: 'flag' }
    if (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void | ts.TypeFlags.Never)) return NOTHING
    if (type.isUnion()) return this.#either(type)
    if (type.isIntersection() && type.types.some((one) => one.flags & ts.TypeFlags.StringLike))
      return { kind: 'text' }
    return this.#object(type)
  }

  #either(type: ts.UnionType): Shape {
    const shapes: Shape[] = []
    // Known before its members, which may hold it.
    this.#known.set(type, { kind: 'either', shapes })
    for (const one of type.types) {
      const shape = this.read(one)
      if (shape.kind !== 'nothing') shapes.push(shape)
    }
    return shapes.length === 1 ? (shapes[0] as Shape) : { kind: 'either', shapes }
  }

  #object(type: ts.Type): Shape {
    const checker = this.#checker
    const name = type.aliasSymbol?.name ?? type.symbol?.name ?? 'object'
    // Bytes are base64 in JSON.
    if (/^(Uint8Array|Buffer|ArrayBuffer|Blob|ReadableStream)$/.test(type.symbol?.name ?? ''))
      return { kind: 'text' }
    if (checker.isArrayType(type) || checker.isTupleType(type)) {
      const [item] = checker.getTypeArguments(type as ts.TypeReference)
      return listOf(() => (item === undefined ? ANY : this.read(item)))
    }
    if (type.getCallSignatures().length > 0) return NOTHING
    const index = checker.getIndexTypeOfType(type, ts.IndexKind.String)
    const fields = new Map<string, FieldShape>()
    for (const property of checker.getPropertiesOfType(type)) {
      if (property.name.startsWith('$') || property.name.startsWith('__')) continue
      if (!isForbidden(checker.getTypeOfSymbol(property)))
        fields.set(property.name, this.#field(property, name))
    }
    return { kind: 'object', name, fields, rest: index && this.read(index) }
  }

  #field(property: ts.Symbol, owner: string): FieldShape {
    const checker = this.#checker
    const [declaration] = property.declarations ?? []
    const place =
      declaration === undefined
        ? owner
        : `${declaration.getSourceFile().fileName.replace(/^.*node_modules\//, '')}:${declaration.pos}`
    const type = checker.getTypeOfSymbol(property)
    return {
      id: `${owner}.${property.name} ${place}`,
      isRequired: (property.flags & ts.SymbolFlags.Optional) === 0 && !allowsUndefined(type),
      shape: () => this.read(type),
    }
  }
}

// Types may hold themselves in lists.
function listOf(item: () => Shape): Shape {
  return {
    kind: 'list',
    get item() {
      return item()
    },
  }
}

// `name?: never`: another member of the union has it.
function isForbidden(type: ts.Type): boolean {
  const types = type.isUnion() ? type.types : [type]
  return types.every(({ flags }) => flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Never))
}

function allowsUndefined(type: ts.Type): boolean {
  return type.isUnion() && type.types.some(({ flags }) => flags & ts.TypeFlags.Undefined)
}

function patternOf({ texts }: ts.TemplateLiteralType): Shape {
  const source = texts.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.*')
  return { kind: 'pattern', pattern: new RegExp(`^${source}$`, 's') }
}
