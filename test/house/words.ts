import ts from 'typescript'
import { parse, type Sources, type Violation, walk } from './sources.ts'

/** Words that say less than the field's term, each with what to write in its place. */
const forbidden: readonly (readonly [word: RegExp, write: string])[] = [
  [/\bnobody\b/gi, 'no caller, no reader, no process'],
  [/\bwhoever\b/gi, 'the caller that, the process that'],
  [/\bsomebody\b/gi, 'a caller, a reader, a process'],
  [
    /\b(?:am|is|are|was|were|be|been|being)(?:\s+not|\s+never)?\s+told\b/gi,
    'receives, is notified, is called with',
  ],
  [/\banew\b/gi, 'again'],
  [/\blaid\s+over\b/gi, 'merged with'],
  [/\bwhat\s+there\s+(?:is|was)\b/gi, 'the name of the thing'],
  [/\bcome\s+what\s+may\b/gi, 'always, never'],
  [/\b(?:gives?|gave|giving|given)\s+way\b/gi, 'yields to the event loop'],
  [/\bthe\s+doors?\b/gi, 'the parser, the handler, the entry point'],
  // "`x` stands for `y`" says what a sign means, and stays.
  [/\b(?:stands|stood)\b(?!\s+for\b)/gi, 'is'],
]

/** Texts for models and users are not ours to word: the library only carries them. */
const carried: ReadonlySet<string> = new Set(['src/templates/bundled-prompts.ts'])

/** A piece of prose, and the line of its file on which it begins. */
interface Prose {
  readonly text: string
  readonly line: number
}

/**
 * Comments and messages of a TypeScript file, and the text of a Markdown file, keep to the field's terms. Gives
 * one violation per file, with every line at fault.
 */
export function checkWords(sources: Sources): Violation[] {
  return [...sources].flatMap(([path, text]) => {
    const hits = wordsIn(path, text)
    return hits.length > 0 ? [`${path}: ${hits.join('; ')}`] : []
  })
}

/** Every forbidden word of a file, as `line 3: "anew" (again)`. */
export function wordsIn(path: string, text: string): string[] {
  const prose = path.endsWith('.md') ? ofMarkdown(text) : ofSource(path, text)
  return prose.flatMap(({ text: piece, line }) =>
    forbidden.flatMap(([word, write]) =>
      [...piece.matchAll(word)].map(({ 0: found, index }) => {
        const at = line + piece.slice(0, index).split('\n').length - 1
        return `line ${at}: "${found.replaceAll(/\s+/g, ' ')}" (${write})`
      }),
    ),
  )
}

/** Everything outside of code blocks and inline code. */
function ofMarkdown(text: string): Prose[] {
  const blank = (code: string): string => code.replaceAll(/[^\n]/g, ' ')
  const prose = text.replaceAll(/^ *(```+)[^]*?^ *\1 *$/gm, blank).replaceAll(/`[^`\n]*`/g, blank)
  return [{ text: prose, line: 1 }]
}

function ofSource(path: string, text: string): Prose[] {
  const tree = parse(path, text)
  return [...commentsOf(tree), ...(carried.has(path) ? [] : messagesOf(tree))]
}

/** Comments, with the stars of their lines blanked, so that a phrase is found across two lines. */
function commentsOf(tree: ts.SourceFile): Prose[] {
  const code = withoutLiterals(tree)
  return [...code.matchAll(/\/\*[^]*?\*\/|\/\/.*/g)].map(({ 0: comment, index }) => ({
    text: tree.text.slice(index, index + comment.length).replaceAll(/^ *\* /gm, ' '),
    line: lineAt(tree, index),
  }))
}

/** The text of a file, with blanks in place of texts and regular expressions, which may look like comments. */
function withoutLiterals(tree: ts.SourceFile): string {
  let code = tree.text
  for (const node of walk(tree)) {
    if (!ts.isLiteralExpression(node) && !ts.isTemplateLiteralToken(node)) continue
    const [start, end] = [node.getStart(tree), node.getEnd()]
    code = code.slice(0, start) + ' '.repeat(end - start) + code.slice(end)
  }
  return code
}

/** Text literals of three words or more: error messages, warnings, reasons. Keys, ids and paths are shorter. */
function messagesOf(tree: ts.SourceFile): Prose[] {
  return [...walk(tree)].flatMap((node) => {
    if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node)) return []
    const text = ts.isTemplateExpression(node) ? textOf(node) : node.text
    return /\S+\s+\S+\s+\S/.test(text) ? [{ text, line: lineAt(tree, node.getStart()) }] : []
  })
}

function textOf(node: ts.TemplateExpression): string {
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…')
}

function lineAt(tree: ts.SourceFile, position: number): number {
  return tree.getLineAndCharacterOfPosition(position).line + 1
}
