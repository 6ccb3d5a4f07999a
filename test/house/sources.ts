import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root, sourceFiles } from '../../scripts/entries.ts'

/** Source text by path from the repository's root, with forward slashes: `src/core/call.ts`. */
export type Sources = ReadonlyMap<string, string>

/** What a rule found, on one line: where, what, and what to do about it. */
export type Violation = string

/** A rule of the house: reads every source, says what breaks it. */
export type Rule = (sources: Sources) => Violation[]

/** Every TypeScript file below `folder`. */
export function readSources(folder = 'src'): Sources {
  return new Map(sourceFiles(folder).map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/** The README and the pages of `docs`; decisions are kept as they were taken. */
export function readPages(): Sources {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  const paths = ['README.md', ...docs.map((name) => `docs/${name}`)]
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

const trees = new Map<string, ts.SourceFile>()

/** The syntax tree of one file; the same text is parsed once. */
export function parse(path: string, text: string): ts.SourceFile {
  const key = `${path}\n${text}`
  const tree = trees.get(key) ?? ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  trees.set(key, tree)
  return tree
}

/** Every node below `node`, itself first; does not descend where `enter` says no. */
export function* walk(node: ts.Node, enter: (node: ts.Node) => boolean = () => true): Generator<ts.Node> {
  yield node
  if (!enter(node)) return
  const children: ts.Node[] = []
  node.forEachChild((child) => void children.push(child))
  for (const child of children) yield* walk(child, enter)
}

/** `path:line` of a node, one-based, as editors and terminals understand it. */
export function at(node: ts.Node): string {
  const file = node.getSourceFile()
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
}

/** Runs `check` over the tree of every file and gathers what it says. */
export function perFile(
  sources: Sources,
  check: (tree: ts.SourceFile, path: string) => Violation[],
): Violation[] {
  return [...sources].flatMap(([path, text]) => check(parse(path, text), path))
}
