import ts from 'typescript'
import { importsOf } from './imports.ts'
import { at, perFile, type Sources, type Violation, walk } from './sources.ts'

/** The only tests' files that may read how much time has passed. The last one is the program of a proof. */
const timekeepers = new Set(['test/patience.ts', 'test/proof.ts', 'test/delivery/http/hostile-child.ts'])
/** The only one that may start a process. */
const STARTER = 'test/children.ts'
const measures = new Set(['performance.now', 'process.hrtime', 'process.cpuUsage', 'process.threadCpuUsage'])

/** A test measures no time: a busy machine stretches every one. `stopwatch()` asserts in proofs only. */
export function checkTestTimes(sources: Sources): Violation[] {
  return perFile(testsOf(sources), (tree, path) =>
    [...walk(tree)]
      .filter((node) => ts.isPropertyAccessExpression(node) && measures.has(node.getText()))
      .flatMap((node) =>
        timekeepers.has(path) ? [] : [`${at(node)}: ${node.getText()}; take test/proof.ts`],
      ),
  )
}

/** A test starts processes by `test/children.ts`, which ends them whatever becomes of the run. */
export function checkTestChildren(sources: Sources): Violation[] {
  return importsOf(testsOf(sources))
    .filter(({ from, specifier, kind }) => isChildProcess(specifier) && kind !== 'type' && from !== STARTER)
    .map((found) => `${found.at}: ${found.specifier}; start children by ${STARTER}`)
}

function isChildProcess(specifier: string): boolean {
  return specifier === 'node:child_process' || specifier === 'child_process'
}

function testsOf(sources: Sources): Sources {
  return new Map([...sources].filter(([path]) => path.startsWith('test/')))
}
