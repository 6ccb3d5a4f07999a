import type { JsonObject } from './json.ts'
import type { Extensible } from './extensible.ts'

/** Names of the tools that providers run themselves, and of those whose form is the provider's. */
export const serverToolTypes = [
  'web-search',
  'web-fetch',
  'code-execution',
  'file-search',
  'image-generation',
  'mcp',
  'computer',
  'browser',
  'tool-search',
  'memory',
  'shell',
  'text-editor',
  'advisor',
  'maps',
  'x-search',
] as const
export type ServerToolType = (typeof serverToolTypes)[number]

/** Where the user is, so that a search finds what is near. */
export interface UserLocation {
  readonly city?: string | undefined
  readonly region?: string | undefined
  /** Two letters, such as `DE`. */
  readonly country?: string | undefined
  /** Such as `Europe/Berlin`. */
  readonly timezone?: string | undefined
}

interface Common extends Extensible {
  /** The provider's own name of the tool's type, such as `web_search_20260318`. Default: that of the table. */
  readonly version?: string | undefined
}
interface Bounded {
  /** Maximum number of uses in one response. */
  readonly maxUses?: number | undefined
  /** Domains to which the tool is limited. Not together with `blockedDomains`. */
  readonly allowedDomains?: readonly string[] | undefined
  readonly blockedDomains?: readonly string[] | undefined
}
export interface WebSearchTool extends Common, Bounded {
  readonly type: 'web-search'
  readonly userLocation?: UserLocation | undefined
  /** How much of the results the model reads. */
  readonly contextSize?: 'low' | 'medium' | 'high' | undefined
  /** Whether the model looks at the images of results. */
  readonly images?: boolean | undefined
}
export interface WebFetchTool extends Common, Bounded {
  readonly type: 'web-fetch'
  readonly maxContentTokens?: number | undefined
  readonly citations?: boolean | undefined
}
export interface CodeExecutionTool extends Common {
  readonly type: 'code-execution'
  /** Id of an earlier container. Default: a new one. */
  readonly container?: string | undefined
  /** Ids of files that the provider stores, for a new container. */
  readonly fileIds?: readonly string[] | undefined
}
export interface FileSearchTool extends Common {
  readonly type: 'file-search'
  /** Ids of the provider's stores. */
  readonly stores: readonly string[]
  readonly maxResults?: number | undefined
  /** A filter in the provider's form. */
  readonly filter?: JsonObject | string | undefined
}
export interface ImageGenerationTool extends Common {
  readonly type: 'image-generation'
  readonly model?: string | undefined
  readonly size?: string | undefined
  readonly quality?: string | undefined
  readonly format?: string | undefined
}
export interface McpTool extends Common {
  readonly type: 'mcp'
  /** Name of the server, unique in the request. */
  readonly name: string
  readonly url: string
  readonly description?: string | undefined
  /** Token for the server. */
  readonly authorization?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly allowedTools?: readonly string[] | undefined
  readonly approval?: 'always' | 'never' | undefined
}
export interface ScreenTool extends Common {
  readonly type: 'computer' | 'browser'
  readonly displayWidth?: number | undefined
  readonly displayHeight?: number | undefined
  readonly environment?: string | undefined
}
export interface AdvisorTool extends Common {
  readonly type: 'advisor'
  /** Model that advises. */
  readonly model: string
  readonly maxUses?: number | undefined
}
export interface TextEditorTool extends Common {
  readonly type: 'text-editor'
  readonly maxCharacters?: number | undefined
}
export interface XSearchTool extends Common {
  readonly type: 'x-search'
  readonly allowedHandles?: readonly string[] | undefined
  readonly blockedHandles?: readonly string[] | undefined
  /** First and last day, such as `2026-11-01`. */
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly images?: boolean | undefined
}
export interface PlainServerTool extends Common {
  readonly type: 'tool-search' | 'memory' | 'shell' | 'maps'
}
/** A tool in the provider's own form, sent as it is. */
export interface RawServerTool extends Extensible {
  readonly raw: JsonObject
}

/** A tool that the provider runs, by its neutral name, or in the provider's own form. */
export type ServerTool =
  | WebSearchTool
  | WebFetchTool
  | CodeExecutionTool
  | FileSearchTool
  | ImageGenerationTool
  | McpTool
  | ScreenTool
  | AdvisorTool
  | TextEditorTool
  | XSearchTool
  | PlainServerTool
  | RawServerTool

/** Where an option goes in a tool: its path, or its path with a second one that gets a fixed value. */
export type OptionPlace = string | readonly [path: string, also: string, value: string]

/** The form of one part of a server tool in a body. */
export type ToolPlace = {
  /** Path of the list that gets the item, or of the object into which it is merged; empty for the body. Default: the list of tools. */
  readonly at?: string | undefined
  /** Whether `at` is an object. */
  readonly merged?: boolean | undefined
  readonly item?: JsonObject | undefined
  /** Places of the options in the item, by their neutral names. */
  readonly fields?: Readonly<Record<string, OptionPlace>> | undefined
  /** Types of options of which the provider takes one alone. */
  readonly types?: Readonly<Record<string, 'string' | 'object'>> | undefined
}
/** The form of a server tool, and what it needs besides. */
export type ServerToolForm = ToolPlace & {
  /** A second part of the tool, in another list. */
  readonly also?: ToolPlace | undefined
  /** Features in test that the request has to ask for. */
  readonly betas?: readonly string[] | undefined
}
/** The server tools of a provider or model. */
export type ServerToolTable = Readonly<Partial<Record<ServerToolType, ServerToolForm>>>
