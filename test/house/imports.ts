import { posix } from 'node:path'
import ts from 'typescript'
import { at, parse, type Sources, walk } from './sources.ts'

/** One place where a file names another module. */
export interface Import {
  readonly from: string
  /** `path:line` of the import. */
  readonly at: string
  readonly specifier: string
  /** The path a relative specifier leads to; undefined for packages. */
  readonly target: string | undefined
  /** `type` is gone after the build, `dynamic` loads when it is reached, `bare` is `import './x.ts'`. */
  readonly kind: 'static' | 'type' | 'dynamic' | 'bare'
}

/** Every import of every file: static, type-only, dynamic, `import('x').T` and `export … from`. */
export function importsOf(sources: Sources): Import[] {
  return [...sources].flatMap(([path, text]) =>
    [...walk(parse(path, text))].flatMap((node) => {
      const found = readImport(node)
      if (!found) return []
      const { specifier, kind } = found
      const relative = specifier.startsWith('.')
      const target = relative ? posix.join(posix.dirname(path), specifier) : undefined
      return [{ from: path, at: at(node), specifier, target, kind }]
    }),
  )
}

/** The outside package behind a specifier; undefined for relative paths and `node:` builtins. */
export function packageOf({ specifier, target }: Import): string | undefined {
  if (target !== undefined || specifier.startsWith('node:')) return undefined
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function readImport(node: ts.Node): Pick<Import, 'specifier' | 'kind'> | undefined {
  if (ts.isImportDeclaration(node)) {
    const clause = node.importClause
    if (!clause) return named(node.moduleSpecifier, 'bare')
    return named(node.moduleSpecifier, clause.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'static')
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    return named(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static')
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return named(node.arguments[0], 'dynamic')
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return named(node.argument.literal, 'type')
  return undefined
}

function named(specifier: ts.Node | undefined, kind: Import['kind']): Pick<Import, 'specifier' | 'kind'> {
  return { specifier: specifier && ts.isStringLiteralLike(specifier) ? specifier.text : '<computed>', kind }
}
