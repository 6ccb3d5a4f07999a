import ts from 'typescript'
import { at, perFile, type Sources, type Violation, walk } from './sources.ts'

/** No `any`: `unknown` and a check say the same, and the compiler helps. */
export function checkAny(sources: Sources): Violation[] {
  return perFile(sources, (tree) =>
    [...walk(tree)]
      .filter((node) => node.kind === ts.SyntaxKind.AnyKeyword)
      .map((node) => `${at(node)}: any; say what it is, or unknown`),
  )
}

/** No top-level await: it would keep `require()` from loading the package. */
export function checkTopLevelAwait(sources: Sources): Violation[] {
  return perFile(sources, (tree) =>
    [...walk(tree, (node) => !ts.isFunctionLike(node))]
      .filter(isAwait)
      .map((node) => `${at(node)}: top-level await`),
  )
}

/** Doors list what they give out by name. */
export function checkStarExports(sources: Sources): Violation[] {
  return perFile(sources, (tree) =>
    tree.statements
      .filter(
        (node) =>
          ts.isExportDeclaration(node) && !(node.exportClause && ts.isNamedExports(node.exportClause)),
      )
      .map((node) => `${at(node)}: export *; name what is exported`),
  )
}

function isAwait(node: ts.Node): boolean {
  if (ts.isForOfStatement(node)) return node.awaitModifier !== undefined
  if (ts.isVariableDeclarationList(node)) return node.getText().startsWith('await using')
  return ts.isAwaitExpression(node)
}
