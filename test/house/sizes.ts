import ts from 'typescript'
import { at, perFile, type Sources, type Violation, walk } from './sources.ts'

const maxFileLines = 400
const maxClassLines = 199
const maxFunctionLines = 60

/** Files of at most 400 lines, classes of at most 199, functions of at most 60, comments and blank lines included. */
export function checkSizes(sources: Sources): Violation[] {
  return perFile(sources, (tree, path) => {
    const lines = tree.text.trimEnd().split('\n').length
    const long = lines > maxFileLines ? [`${path}: ${lines} lines, at most ${maxFileLines}; split it`] : []
    const functions = [...walk(tree)].filter((node) => ts.isFunctionLike(node) && 'body' in node)
    const classes = [...walk(tree)].filter(ts.isClassLike)
    return [...long, ...classes.flatMap(checkClass), ...functions.flatMap(checkFunction)]
  })
}

function checkClass(node: ts.ClassLikeDeclaration): Violation[] {
  const lines = node.getText().split('\n').length
  return lines > maxClassLines
    ? [`${at(node)}: a class of ${lines} lines, at most ${maxClassLines}; it is two machines, part them`]
    : []
}

function checkFunction(node: ts.Node): Violation[] {
  const lines = node.getText().split('\n').length
  return lines > maxFunctionLines
    ? [`${at(node)}: a function of ${lines} lines, at most ${maxFunctionLines}; take a step out of it`]
    : []
}
