import type { Quirks } from '../dialect.ts'
import { adaptHistory, callsOf } from '../history.ts'
import type { Message } from '../message.ts'
import type { ResolvedSettings, SettingName } from '../params.ts'
import type { Warning } from '../response.ts'
import type { ServerToolTable } from '../server-tool.ts'
import { fitCache } from './cache.ts'
import { fitAudio, fitImages } from './media.ts'
import { createNameMap, type NameMap } from './names.ts'
import type { WireRules } from './rules.ts'
import { fitSpeakers } from './speakers.ts'
import { ownThoughts } from './thoughts.ts'
import { fitTurns } from './turns.ts'

/** What a request is fitted to. */
export interface FitTarget {
  readonly rules: WireRules
  readonly dialect: {
    readonly id: string
    readonly forcesServerTools?: boolean | undefined
    readonly citesFiles?: boolean | undefined
  }
  readonly model: string
  /** Vendor and wire format whose reasoning the target accepts. */
  readonly reasoningScope: string
  readonly quirks: Quirks
}

/** Messages and settings as a wire format accepts them. */
export interface FittedRequest {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  /** The caller's names of tools by those on the wire; absent if none was changed. */
  readonly toolNames?: ReadonlyMap<string, string> | undefined
}

/** Fits messages and settings to a wire format, by its rules. Pure; adds a warning per kind of change to `warnings`. */
export function fitRequest(
  request: { readonly messages: readonly Message[]; readonly settings: ResolvedSettings },
  target: FitTarget,
  warnings: Warning[],
): FittedRequest {
  const note = (message: string): void => {
    if (!warnings.some((known) => known.message === message))
      warnings.push({ type: 'compatibility', message })
  }
  const { rules } = target
  const fitted = fitSettings(request.settings, target, warnings)
  const plain = request.messages.every(isText)
  const names = namesOf(request, rules)
  const own = plain ? request.messages : ownThoughts(request.messages, target, note)
  const rule = { dialect: target.dialect.id, callIds: rules.callIds, names }
  const named = fitSpeakers(own, rules.speakerNames, note)
  const paired = plain
    ? named
    : fitAudio(fitImages(adaptHistory(named, rule, warnings), rules.images, note), rules.audio, note)
  if (!plain && target.dialect.citesFiles !== true && asksForCitations(paired))
    warnings.push({ type: 'unsupported', message: UNCITED })
  const turns = fitTurns(paired, rules, note)
  const { messages, settings } = fitCache({ messages: turns, settings: fitted }, rules.cacheMarks, note)
  if (names === undefined) return { messages, settings }
  const toolNames = names.original.size === 0 ? undefined : names.original
  return { messages, settings: renameTools(settings, names), toolNames }
}

const UNCITED = 'citations of files were not asked for: the wire format has none'

function asksForCitations(messages: readonly Message[]): boolean {
  return messages.some(
    ({ content }) =>
      typeof content !== 'string' && content.some((part) => part.type === 'file' && part.citations === true),
  )
}

function isText({ role, content }: Message): boolean {
  return typeof content === 'string' && role !== 'tool'
}

function namesOf(
  {
    messages,
    settings: { tools = [] },
  }: { readonly messages: readonly Message[]; readonly settings: ResolvedSettings },
  { toolNames }: WireRules,
): NameMap | undefined {
  if ('absent' in toolNames) return undefined
  return tools.length > 0 || messages.some((message) => callsOf(message).length > 0)
    ? createNameMap(toolNames, tools)
    : undefined
}

function renameTools(settings: ResolvedSettings, { wire, original }: NameMap): ResolvedSettings {
  const { tools, toolChoice } = settings
  if (original.size === 0 || tools === undefined) return settings
  return {
    ...settings,
    tools: tools.map((tool) => ({ ...tool, name: wire(tool.name) })),
    toolChoice: renameChoice(toolChoice, wire),
  }
}

function renameChoice(
  choice: ResolvedSettings['toolChoice'],
  wire: NameMap['wire'],
): ResolvedSettings['toolChoice'] {
  if (typeof choice !== 'object') return choice
  return 'names' in choice ? { ...choice, names: choice.names.map(wire) } : { name: wire(choice.name) }
}

// Whether the provider gets any of the tools that it shall run.
function runsTools({ serverTools = [] }: ResolvedSettings, { quirks }: FitTarget): boolean {
  const table = (quirks['serverTools'] ?? {}) as ServerToolTable
  return serverTools.some((tool) => 'raw' in tool || table[tool.type] !== undefined)
}

// Settings that a format refuses without others.
function fitSettings(settings: ResolvedSettings, target: FitTarget, warnings: Warning[]): ResolvedSettings {
  const { tools, toolChoice, parallelToolCalls } = settings
  let fitted = settings
  const leaveOut = (setting: SettingName, why: string): void => {
    fitted = { ...fitted, [setting]: undefined }
    const message = `${setting} was not sent to ${target.model}: ${why}`
    warnings.push({ type: 'unsupported', setting, message })
  }
  const chosen = typeof toolChoice === 'object' && 'name' in toolChoice ? toolChoice.name : undefined
  const isServerTool = chosen !== undefined && tools?.some(({ name }) => name === chosen) !== true
  if (isServerTool && target.dialect.forcesServerTools !== true)
    leaveOut('toolChoice', 'the wire format cannot force a tool that the provider runs')
  if (tools === undefined && !runsTools(settings, target)) {
    if (parallelToolCalls !== undefined) leaveOut('parallelToolCalls', 'the request has no tools')
    if (toolChoice === 'required') leaveOut('toolChoice', 'the request has no tools')
    // Any other choice says what holds without tools, too.
    else if (toolChoice !== undefined) fitted = { ...fitted, toolChoice: undefined }
  }
  return fitted
}
