import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { root } from '../../scripts/entries.ts'

const COUNT = 100
const indices = Array.from({ length: COUNT }, (_value, index) => index)

/** The arguments of a tool, in one schema for both libraries. */
const schema = (index: number): string => `z.object({
  city${index}: z.string().describe('A city'),
  days: z.number().int().min(1).max(9).default(3),
  unit: z.enum(['c', 'f']).optional(),
  places: z.array(z.object({ x: z.number(), y: z.number(), label: z.string().nullable() })),
})`
const definition = (index: number): string => `const tool${index} = NEW({
  NAME: 'tool${index}',
  description: 'Tool ${index}',
  SCHEMA: ${schema(index)},
  execute: async (args) => ({ city: args.city${index}, days: args.days + ${index}, near: args.places[0]?.label }),
})`

interface Library {
  readonly start: string
  /** The words of {@link definition} in the library. */
  readonly words: Readonly<Record<'NEW' | 'NAME' | 'SCHEMA', string>>
  /** A call with all tools whose calls are read. */
  readonly call: string
}

const ours: Library = {
  start: "import { chatApiCall, defineTool } from 'llm-switchyard'\nimport { z } from 'zod'\n",
  words: { NEW: 'defineTool', NAME: 'name', SCHEMA: 'parameters' },
  call: `const { toolCalls } = await chatApiCall({
    model: 'openai/m', messages: [], tools: [${indices.map((index) => `tool${index}`).join(', ')}],
  })
  for (const call of toolCalls) if (call.name === 'tool7') call.arguments.city7.length`,
}
const theirs: Library = {
  start: "import { generateText, tool } from 'ai'\nimport { z } from 'zod'\n",
  words: { NEW: 'tool', NAME: 'title', SCHEMA: 'inputSchema' },
  call: `const { toolCalls } = await generateText({
    model: 'm', messages: [], tools: { ${indices.map((index) => `tool${index}`).join(', ')} },
  })
  for (const call of toolCalls)
    if (!call.dynamic && call.toolName === 'tool7') call.input.city7.length`,
}

const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path))
const parsed = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
const options: ts.CompilerOptions = { ...parsed.options, incremental: false, isolatedDeclarations: false }

/** How many types the compiler makes to check a file with this content. Fails if the file has errors. */
function instantiations(content: string): number {
  const path = join(root, 'test/types/generated.ts')
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = (name) => name === path || fileExists.call(host, name)
  host.getSourceFile = (name, language) =>
    name === path
      ? ts.createSourceFile(name, content, language, true)
      : getSourceFile.call(host, name, language)
  const program = ts.createProgram([path], options, host)
  const errors = program.getSemanticDiagnostics(program.getSourceFile(path))
  expect(errors.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([])
  return program.getInstantiationCount()
}

/** What hundred tools cost beside one, so that what loading a library costs does not count. */
function costOf({ start, words, call }: Library): { readonly defined: number; readonly called: number } {
  const written = (index: number): string =>
    definition(index).replaceAll(/NEW|NAME|SCHEMA/g, (word) => words[word as keyof typeof words])
  const one = instantiations(`${start}${written(0)}\nexport { tool0 }`)
  const all = `${start}${indices.map(written).join('\n')}`
  const defined = instantiations(`${all}\nexport { tool99 }`)
  const called = instantiations(`${all}\nexport async function run() {${call}}`)
  return { defined: defined - one, called: called - one }
}

test('a hundred tools cost the compiler at most one and a half times what those of the AI SDK do', () => {
  const our = costOf(ours)
  const their = costOf(theirs)
  expect(our.defined).toBeLessThanOrEqual(their.defined * 1.5)
  expect(our.called).toBeLessThanOrEqual(their.called * 1.5)
}, 300_000)
