import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../scripts/entries.ts'
import { checkCircles } from './house/circles.ts'
import { checkDoors, checkFloors } from './house/floors.ts'
import { checkLevels } from './house/levels.ts'
import { checkTestChildren, checkTestTimes } from './house/honest-tests.ts'
import { checkHomonyms } from './house/homonyms.ts'
import { checkDialectNames, checkNames } from './house/names.ts'
import { bundled, checkPackages, checkPeers, installed, peers } from './house/packages.ts'
import { checkSizes } from './house/sizes.ts'
import { readPages, readSources, type Rule, type Sources } from './house/sources.ts'
import { checkModuleState, exempt } from './house/state.ts'
import { checkTables } from './house/tables.ts'
import { checkAny, checkStarExports, checkTopLevelAwait } from './house/syntax.ts'
import { checkWords } from './house/words.ts'

/** A rule, and per breach: the text of some files, and a part of what the rule must say about them. */
interface House {
  readonly name: string
  readonly rule: Rule
  readonly breaches: ReadonlyArray<readonly [says: string, files: Readonly<Record<string, string>>]>
  /** Files that look like a breach and are none. */
  readonly fine: Readonly<Record<string, string>>
  /** What of the repository is checked. Default: `src`. */
  readonly tree?: Sources
}

const lines = (count: number): string => 'work()\n'.repeat(count)
const wordTable = 'const KINDS: Readonly<Record<string, string>> = {}'
const fields = (count: number): string => 'a = 1\n'.repeat(count)

const src = readSources()
const tested: Sources = new Map([...src, ...readSources('test')])
const pages = readPages()

const house: readonly House[] = [
  {
    name: 'a folder imports from lower floors only',
    rule: checkFloors,
    breaches: [
      ['core may not import transport', { 'src/core/call.ts': "import { a } from '../transport/index.ts'" }],
      [
        'stream may not import limits',
        { 'src/stream/limit-text-size.ts': "import type { A } from '../limits/index.ts'" },
      ],
      ['queue may not import tools', { 'src/queue/queue.ts': "type A = import('../tools/index.ts').A" }],
      ['providers may not import limits', { 'src/providers/x.ts': "import { a } from '../limits/index.ts'" }],
      ['exchange may not import limits', { 'src/exchange/chat.ts': "import '../limits/index.ts'" }],
      ['queue may not import exchange', { 'src/queue/stage.ts': "import '../exchange/index.ts'" }],
      [
        'delivery may not import conversations',
        { 'src/delivery/http/index.ts': "import '../../conversations/turn/index.ts'" },
      ],
      ['jobs may not import agents', { 'src/jobs/job.ts': "export { a } from '../agents/index.ts'" }],
      ['index.ts may not import testing', { 'src/index.ts': "export { a } from './testing/index.ts'" }],
      ['tools may not import index.ts', { 'src/tools/loop.ts': "const a = () => import('../index.ts')" }],
      ['"attic" is on no floor', { 'src/attic/box.ts': '' }],
    ],
    fine: {
      'src/transport/undici/index.ts':
        "import { a } from '../fetch.ts'\nimport { b } from '../../core/call.ts'",
      'src/providers/x.ts': "import { a } from '../dialects/gemini/index.ts'",
      'src/testing/script.ts': "import { a } from '../delivery/http/index.ts'",
      'src/jobs/job.ts': "import type { A } from '../conversations/contract/index.ts'",
    },
  },
  {
    name: 'a folder is entered through its index.ts',
    rule: checkDoors,
    breaches: [
      ['from src/stream/index.ts', { 'src/exchange/chat.ts': "import { a } from '../stream/guard.ts'" }],
      ['from src/dialects/gemini/index.ts', { 'src/providers/x.ts': "import '../dialects/gemini/wire.ts'" }],
      ['from src/dialects/gemini/index.ts', { 'src/dialects/cohere/wire.ts': "import '../gemini/wire.ts'" }],
      ['from src/transport/undici/index.ts', { 'src/transport/fetch.ts': "import './undici/pool.ts'" }],
    ],
    fine: {
      'src/exchange/chat.ts': "import '../core/call.ts'\nimport '../stream/index.ts'\nimport './plan.ts'",
      'src/transport/undici/index.ts': "import '../fetch.ts'\nimport './pool.ts'",
    },
  },
  {
    name: 'inside a folder with levels, a level imports from lower ones only',
    rule: checkLevels,
    breaches: [
      [
        'contract may not import context',
        { 'src/conversations/contract/options.ts': "import type { A } from '../context/index.ts'" },
      ],
      [
        'storage may not import contract',
        { 'src/conversations/storage/store.ts': "type A = import('../contract/index.ts').A" },
      ],
      [
        'turn may not import service',
        { 'src/conversations/turn/plan-turn.ts': "export { a } from '../service/index.ts'" },
      ],
      [
        'transfer may not import index.ts',
        { 'src/conversations/transfer/transcript.ts': "const a = () => import('../index.ts')" },
      ],
      ['"chat" is on no level', { 'src/conversations/chat/desk.ts': '' }],
      ['"records.ts" is on no level', { 'src/conversations/records.ts': '' }],
    ],
    fine: {
      'src/conversations/index.ts': "export { a } from './service/index.ts'",
      'src/conversations/service/messages.ts': "import '../storage/index.ts'\nimport './emoji.ts'",
      'src/conversations/turn/plan-turn.ts': "import '../../core/call.ts'\nimport '../context/index.ts'",
      'src/delivery/http/handler.ts': "import '../client/index.ts'",
    },
  },
  {
    name: 'no file imports itself over others',
    rule: checkCircles,
    breaches: [
      [
        'src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts',
        {
          'src/core/a.ts': "import { b } from './b.ts'",
          'src/core/b.ts': "import type { C } from './c.ts'",
          'src/core/c.ts': "export { a } from './a.ts'",
        },
      ],
      ['src/core/a.ts → src/core/a.ts', { 'src/core/a.ts': "const a = () => import('./a.ts')" }],
    ],
    fine: {
      'src/core/a.ts': "import './b.ts'\nimport './c.ts'",
      'src/core/b.ts': "import './c.ts'",
      'src/core/c.ts': '',
    },
  },
  {
    name: 'a table of words finds no name that every object inherits',
    rule: checkTables,
    breaches: [['read the table with rowOf()', { 'src/core/a.ts': `${wordTable}\nKINDS[word]` }]],
    fine: { 'src/core/a.ts': `${wordTable}\nrowOf(KINDS, word) ?? KINDS['a'] ?? ROWS[word]` },
  },
  {
    name: 'an outside package has one door',
    rule: checkPackages,
    breaches: [
      [
        'tokenx is imported by src/core only',
        { 'src/queue/a.ts': "import { estimateTokenCount } from 'tokenx'" },
      ],
      ['zod has no door', { 'src/core/request.ts': "import { z } from 'zod'" }],
      ['undici is imported by src/transport/undici only', { 'src/transport/fetch.ts': "import('undici')" }],
      ['left-pad has no door', { 'src/core/create-id.ts': "import pad from 'left-pad/lib'" }],
      ['@x/y has no door', { 'src/core/create-id.ts': "import type { A } from '@x/y/z'" }],
      ['fs has no door', { 'src/core/create-id.ts': "import { readFileSync } from 'fs'" }],
    ],
    fine: {
      'src/core/token-count.ts': "import { estimateTokenCount } from 'tokenx'",
      'src/transport/sse.ts': "import { a } from 'eventsource-parser/stream'\nimport 'node:tls'",
    },
  },
  {
    name: 'optional peers are loaded by their own entry point only',
    rule: checkPeers,
    breaches: [
      [
        'entry point "." loads the optional peer undici',
        {
          'src/index.ts': "export { a } from './transport/index.ts'",
          'src/transport/index.ts': "export { a } from './undici/index.ts'",
          'src/transport/undici/index.ts': "import { Pool } from 'undici'",
        },
      ],
    ],
    fine: {
      'src/index.ts': "export { a } from './transport/index.ts'",
      'src/transport/index.ts':
        "import type { A } from './undici/index.ts'\nconst a = () => import('./undici/index.ts')",
      'src/transport/undici/index.ts': "import { Pool } from 'undici'",
    },
  },
  {
    name: 'files have 400 lines at most, classes 199, functions 60',
    rule: checkSizes,
    breaches: [
      ['src/core/a.ts: 401 lines', { 'src/core/a.ts': lines(401) }],
      ['src/core/a.ts:2: a class of 200 lines', { 'src/core/a.ts': `\nclass A {\n${fields(198)}}` }],
      [
        'src/core/a.ts:1: a class of 200 lines',
        { 'src/core/a.ts': `export default class {\n${fields(198)}}` },
      ],
      ['src/core/a.ts:1: a class of 200 lines', { 'src/core/a.ts': `const a = class {\n${fields(198)}}` }],
      ['src/core/a.ts:2: a function of 61 lines', { 'src/core/a.ts': `\nfunction a() {\n${lines(59)}}` }],
      ['src/core/a.ts:1: a function of 61 lines', { 'src/core/a.ts': `const a = () => {\n${lines(59)}}` }],
      ['src/core/a.ts:2: a function of 61 lines', { 'src/core/a.ts': `class A {\n  a() {\n${lines(59)}}}` }],
    ],
    fine: {
      'src/core/a.ts': lines(400),
      'src/core/b.ts': `/** A\n * b. */\nfunction a() {\n${lines(58)}}`,
      'src/core/c.ts': `/** A\n * b. */\nclass A {\n${fields(197)}}`,
    },
  },
  {
    name: 'names are kebab-case and say what is inside',
    rule: checkNames,
    tree: tested,
    breaches: [
      ['"utils" could hold anything', { 'src/utils/text.ts': '' }],
      ['"string-helpers" could hold anything', { 'src/core/string-helpers.ts': '' }],
      ['"queue-manager" could hold anything', { 'test/queue/queue-manager.test.ts': '' }],
      ['"service" could hold anything', { 'src/jobs/service/index.ts': '' }],
      ['"retry-service" could hold anything', { 'src/conversations/service/retry-service.ts': '' }],
      ['"mail-service" could hold anything', { 'src/conversations/mail-service.ts': '' }],
      ['"service" could hold anything', { 'src/jobs/service/jobs.ts': '' }],
      ['"tokenBucket" is not kebab-case', { 'src/limits/tokenBucket.ts': '' }],
    ],
    fine: {
      'src/transport/base-url.ts': '',
      'src/persistence/sqlite3.ts': '',
      'src/conversations/service/chat-service.ts': '',
      'test/limits/bucket.test.ts': '',
    },
  },
  {
    name: 'a dialect is named after a format, not a vendor',
    rule: checkDialectNames,
    breaches: [
      ['"groq" is no known wire format', { 'src/dialects/groq/index.ts': '' }],
      ['"groq" is a vendor', { 'src/dialects/openai-chat/groq-usage.ts': '', 'src/providers/groq.ts': '' }],
    ],
    fine: {
      'src/dialects/openai-chat/usage.ts': '',
      'src/dialects/index.ts': '',
      'src/providers/index.ts': '',
    },
  },
  {
    name: 'no any',
    rule: checkAny,
    breaches: [
      ['src/core/a.ts:2: any', { 'src/core/a.ts': '\nconst a = (b: any[]) => b' }],
      ['src/core/a.ts:1: any', { 'src/core/a.ts': 'const a = b as any' }],
    ],
    fine: { 'src/core/a.ts': "// any\nconst any: unknown = 'any'" },
  },
  {
    name: 'no top-level await',
    rule: checkTopLevelAwait,
    breaches: [
      ['src/core/a.ts:1: top-level await', { 'src/core/a.ts': "const a = [await import('node:fs')]" }],
      ['src/core/a.ts:1: top-level await', { 'src/core/a.ts': 'for await (const a of b) c(a)' }],
      ['src/core/a.ts:1: top-level await', { 'src/core/a.ts': 'await using a = b()' }],
    ],
    fine: {
      'src/core/a.ts':
        'const a = async () => await b()\nclass A { async a() { for await (const b of c) d(b) } }',
    },
  },
  {
    name: 'doors export by name',
    rule: checkStarExports,
    breaches: [
      ['src/index.ts:1: export *', { 'src/index.ts': "export * from './core/call.ts'" }],
      ['src/index.ts:1: export *', { 'src/index.ts': "export * as core from './core/call.ts'" }],
    ],
    fine: {
      'src/index.ts': "export { a, type B } from './core/call.ts'\nexport type { C } from './core/event.ts'",
    },
  },
  {
    name: 'comments, messages and docs keep to the terms of the field',
    rule: checkWords,
    tree: new Map([...src, ...pages]),
    breaches: [
      ['src/core/a.ts: line 1: "nobody"', { 'src/core/a.ts': '/** As nobody waits for it. */' }],
      [
        'line 2: "Whoever"',
        { 'src/core/a.ts': '/**\n * Whoever leaves early ends the call. */\nconst a = 1' },
      ],
      ['line 3: "somebody"', { 'src/core/a.ts': 'const a = {\n  b: 1,\n  // until somebody says so\n}' }],
      ['line 1: "is told"', { 'src/core/a.ts': 'const a = 1 // every store is told of it' }],
      ['line 2: "are told"', { 'src/core/a.ts': '/**\n * The readers are\n * told of it. */' }],
      ['line 1: "is not told"', { 'src/core/a.ts': '/* The reader is not told. */' }],
      ['line 1: "anew"', { 'src/core/a.ts': "throw new LlmError('aborted', 'the answer is made anew')" }],
      ['line 2: "laid over"', { 'src/core/a.ts': 'refuse(\n`options laid over ${name}`)' }],
      ['line 1: "what there is"', { 'src/core/a.ts': "const a = 'gives what there is'" }],
      ['line 1: "come what may"', { 'src/core/a.ts': '/** Tried once, come what may. */' }],
      ['line 1: "gives way"', { 'src/core/a.ts': '/** It gives way to others. */' }],
      ['line 1: "the door"', { 'src/core/a.ts': '/** Checked at the door. */' }],
      ['line 1: "stands"', { 'src/core/a.ts': '/** The key stands in the header. */' }],
      ['line 1: "anew" (again); line 3: "stands" (is)', { 'docs/a.md': 'Made anew.\n\nIt stands there.' }],
      ['README.md: line 5: "Nobody"', { 'README.md': '```ts\n// nobody\n```\n\nNobody.' }],
    ],
    fine: {
      'src/core/a.ts':
        "// A `*` stands for one name.\nconst nobody = 'nobody'\nconst b = stands(anew, 'the door')",
      'src/core/b.ts': '/** A stand-in that understands retold, renewed and standalone texts. */',
      'src/templates/bundled-prompts.ts': "const text = 'Nobody knows what stands there'",
      'docs/a.md': 'Call `anew()`.\n\n```ts\n// nobody stands here\n```\n',
    },
  },
  {
    name: 'a public name means one thing in every entry point',
    rule: checkHomonyms,
    breaches: [
      [
        'Store has 2 meanings: src/index.ts Store in "."; src/testing/index.ts Store in "./testing"',
        { 'src/index.ts': 'export interface Store {}', 'src/testing/index.ts': 'export type Store = string' },
      ],
      [
        'check has 2 meanings: src/core/a.ts check in "."; src/core/b.ts examine in "./testing" and "./http"',
        {
          'src/core/a.ts': 'export const check = 1',
          'src/core/b.ts': 'export function examine() {}',
          'src/index.ts': "export { check } from './core/a.ts'",
          'src/testing/index.ts': "export { examine as check } from '../core/b.ts'",
          'src/delivery/http/index.ts':
            "import { examine } from '../../core/b.ts'\nexport { examine as check }",
        },
      ],
    ],
    fine: {
      'src/core/a.ts': 'export interface A {}\nexport class B {}\nexport type C = string',
      'src/index.ts': "export type { A } from './core/a.ts'\nexport { B, type C as D } from './core/a.ts'",
      'src/testing/index.ts':
        "import { B, type A } from '../core/a.ts'\nexport { B }\nexport type { A }\nexport type C = 1\nexport default 1",
      'src/client/index.ts': 'export default 2',
      'src/jobs/index.ts': "export { Pool } from 'pg'",
      'src/persistence/postgres.ts': "import { Pool } from 'pg'\nexport { Pool }\nexport default 3",
    },
  },
  {
    name: 'a test measures no time',
    rule: checkTestTimes,
    tree: tested,
    breaches: [
      ['test/a.test.ts:2: performance.now', { 'test/a.test.ts': '\nconst from = performance.now()' }],
      ['test/a.ts:1: process.hrtime', { 'test/a.ts': 'const from = process.hrtime.bigint()' }],
      ['test/a.ts:1: process.threadCpuUsage', { 'test/a.ts': 'const { user } = process.threadCpuUsage()' }],
    ],
    fine: {
      'test/a.ts': "const soon = new Date(Date.now() + 1_000)\nconst name = 'performance.now()'",
      'test/proof.ts': 'const from = performance.now()',
      'src/core/clock.ts': 'const now = () => performance.now()',
    },
  },
  {
    name: 'the processes of a test do not outlive it',
    rule: checkTestChildren,
    tree: tested,
    breaches: [
      [
        'test/a.test.ts:1: node:child_process',
        { 'test/a.test.ts': "import { fork } from 'node:child_process'" },
      ],
      ['test/a.ts:1: child_process', { 'test/a.ts': "const a = await import('child_process')" }],
    ],
    fine: {
      'test/a.ts': "import type { ChildProcess } from 'node:child_process'",
      'test/children.ts': "import { spawn } from 'node:child_process'",
      'src/templates/pool-process.ts': "import { fork } from 'node:child_process'",
    },
  },
  {
    name: 'loading a file keeps nothing and does nothing',
    rule: checkModuleState,
    breaches: [
      ['a module-level variable', { 'src/core/a.ts': 'let count = 0' }],
      ['a module-level store', { 'src/core/a.ts': 'const cache = new WeakMap<object, string>()' }],
      [
        'a module-level store',
        { 'src/core/a.ts': 'export const providers: Map<string, string> = new Map()' },
      ],
      ['a module-level store', { 'src/core/a.ts': 'const seen: Record<string, true> = {}' }],
      ['a module-level store', { 'src/core/a.ts': 'class A { static readonly all = new Set<A>() }' }],
      ['a statement that runs on loading', { 'src/core/a.ts': "register('openai')" }],
      ['an import for its effect alone', { 'src/core/a.ts': "import './polyfill.ts'" }],
    ],
    fine: {
      'src/core/a.ts':
        "const kinds: ReadonlySet<string> = new Set(['a'])\nconst none: readonly string[] = []",
      'src/core/b.ts': 'export const create = () => { let n = 0; const all = new Map(); return { n, all } }',
      'src/core/c.ts': 'export class A { readonly all = new Set<A>() }\nexport default A',
    },
  },
]

describe.each(house)('$name', ({ rule, breaches, fine, tree = src }) => {
  test.each(breaches)('a breach is caught: %s', (says, files) => {
    expect(rule(new Map(Object.entries(files)))).toEqual([expect.stringContaining(says)])
  })

  test('what only looks like a breach passes', () => {
    expect(rule(new Map(Object.entries(fine)))).toEqual([])
  })

  test('the house keeps it', () => {
    expect(rule(tree)).toEqual([])
  })
})

test.each(Object.keys(exempt))('the exemption of %s is still needed', (key) => {
  const [path = '', name = ''] = key.split(' ')
  expect(src.get(path)).toContain(`const ${name}`)
})

test('the doors of packages agree with package.json', () => {
  const { dependencies, devDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  expect(Object.keys(installed).toSorted()).toEqual(Object.keys(dependencies).toSorted())
  for (const name of Object.keys(bundled)) expect(devDependencies).toHaveProperty([name])
  expect(Object.keys(peers).toSorted()).toEqual(Object.keys(peerDependencies).toSorted())
  for (const name of Object.keys(peers)) expect(peerDependenciesMeta[name]).toEqual({ optional: true })
})
