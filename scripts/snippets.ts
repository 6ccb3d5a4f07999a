import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { root } from './entries.ts'

/** A TypeScript code block of a Markdown page. */
export interface Snippet {
  /** From the repository's root: `docs/http.md`. */
  readonly page: string
  /** Line of the page on which the code begins. */
  readonly line: number
  readonly code: string
  /** Path from the root that the block is a file of: its first line says so, as in `// src/providers/tide-ai.ts`. */
  readonly place: string | undefined
  readonly extension: 'ts' | 'tsx'
}

/** Compiler options that a reader's own project may have; `paths` lead to the sources. */
const reader: ts.CompilerOptions = {
  declaration: false,
  isolatedDeclarations: false,
  erasableSyntaxOnly: false,
  jsx: ts.JsxEmit.ReactJSX,
}

/** Every page that may hold snippets: the README, the docs and the decisions. */
export function pages(): string[] {
  const folders = ['docs', 'docs/decisions'].filter((folder) => existsSync(join(root, folder)))
  const found = folders.flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  )
  return ['README.md', ...found.filter((path) => path.endsWith('.md')).toSorted()]
}

/** The `ts` and `tsx` blocks of a page, in order. */
export function snippetsOf(page: string, text: string = readFileSync(join(root, page), 'utf8')): Snippet[] {
  const blocks = text.matchAll(/^ *```(tsx?|typescript)\b.*\n([^]*?)^ *```$/gm)
  return [...blocks].map(({ 1: extension, 2: code = '', index }) => ({
    page,
    line: text.slice(0, index).split('\n').length + 1,
    code,
    place: /^\/\/ (\S+\/\S+\.tsx?)\n/.exec(code)?.[1],
    extension: extension === 'tsx' ? 'tsx' : 'ts',
  }))
}

/**
 * Compiles snippets strictly in one program, each as a module of its own below `folder`. Gives one message per error,
 * with page and line.
 */
export function compileSnippets(
  snippets: readonly Snippet[],
  folder: string = join(root, 'node_modules/.cache/snippets'),
): string[] {
  const files = writeModules(snippets, folder)
  const program = ts.createProgram([...files.keys()], {
    ...projectOptions(),
    ...reader,
    rootDirs: [root, folder],
  })
  return [...files].flatMap(([path, snippet]) => {
    const source = program.getSourceFile(path)
    const errors = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return errors.map((error) => describe(error, snippet))
  })
}

/** Writes each snippet to a file, and a manifest that makes all of them ESM. */
function writeModules(snippets: readonly Snippet[], folder: string): Map<string, Snippet> {
  rmSync(folder, { recursive: true, force: true })
  const files = new Map<string, Snippet>()
  for (const snippet of snippets) {
    const { page, line, place, extension } = snippet
    const path = resolve(folder, place ?? `${page.replaceAll('/', '-')}-${line}.${extension}`)
    if (files.has(path)) throw new Error(`${page}:${line}: another snippet is ${place} already; rename one`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, snippet.code)
    files.set(path, snippet)
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  return files
}

function projectOptions(): ts.CompilerOptions {
  const fail = (error: ts.Diagnostic): never => {
    throw new Error(`tsconfig.json: ${ts.flattenDiagnosticMessageText(error.messageText, '\n')}`)
  }
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail }
  return ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.json'), {}, host)?.options ?? {}
}

function describe({ file, start, code, messageText }: ts.Diagnostic, { page, line }: Snippet): string {
  const offset = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line
  return `${page}:${line + offset}: TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n  ')}`
}

function main(): void {
  const snippets = pages().flatMap((page) => snippetsOf(page))
  const errors = compileSnippets(snippets)
  for (const error of errors) console.error(error)
  console.log(`${snippets.length} snippets of README and docs, ${errors.length} errors`)
  process.exitCode = errors.length > 0 ? 1 : 0
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main()
