import type { JsonValue } from './json.ts'
import type { ToolResultPart } from './message.ts'
import type { Tool, ToolContext } from './request.ts'
import type { SchemaOutput } from './schema-types.ts'

/** Stands for the result of a tool without `execute`. */
export interface NoExecute {
  readonly execute: 'none'
}

// A method, so that a function may state a type of its own for arguments of which the schema says less.
type ToolFunction<Arguments, Result> = { run(args: Arguments, context: ToolContext): Result }['run']
type ModelOutput = string | readonly ToolResultPart[] | JsonValue
type Typed = 'name' | 'parameters' | 'inputSchema' | 'needsApproval' | 'toModelOutput' | 'execute'

/** A tool as `defineTool` takes it: the types of `execute` follow from the schema of the arguments. */
export interface ToolDefinition<Name extends string, Parameters, Result> extends Omit<Tool, Typed> {
  /** 1 to 128 letters, digits, `_`, `-`, `.`, `:` and `/`. */
  readonly name: Name
  /** Schema of the arguments: of zod, valibot, arktype or another Standard Schema, or a JSON Schema. Default: no arguments. */
  readonly parameters?: Parameters | undefined
  /** The same, under the name that MCP uses. */
  readonly inputSchema?: Parameters | undefined
  /** Called by tool loops with the checked arguments: transformed, with defaults. */
  readonly execute?: ToolFunction<SchemaOutput<Parameters>, Result> | undefined
  /** Whether a call of the tool waits for the decision of a person. Default false. */
  readonly needsApproval?:
    | boolean
    | ToolFunction<SchemaOutput<Parameters>, boolean | Promise<boolean>>
    | undefined
  /** Makes what the model gets of a result: text, parts or JSON. */
  readonly toModelOutput?: { run(result: Awaited<NoInfer<Result>>): ModelOutput }['run'] | undefined
}

/** A tool that was defined, with the types of its name, arguments and result. */
export interface DefinedTool<
  Name extends string = string,
  Parameters = unknown,
  Result = unknown,
> extends Omit<Tool, Typed> {
  readonly name: Name
  readonly parameters: Parameters
  readonly needsApproval?: Tool['needsApproval']
  readonly toModelOutput?: Tool['toModelOutput']
  readonly execute: Executed<Parameters, Result>
}

type Executed<Parameters, Result> = [Result] extends [never]
  ? (args: SchemaOutput<Parameters>, context?: ToolContext) => Result
  : [Result] extends [NoExecute]
    ? undefined
    : (args: SchemaOutput<Parameters>, context?: ToolContext) => Result
