import type { Orchestrator } from 'llm-switchyard'
import { Agent, openai } from './names.ts'
import { searchProjectFiles, writeProjectFile, type Project } from './tools.ts'

const systemPrompt = 'Search the project, and answer with the paths alone.'
const mainSystemPrompt = 'Help with the project. Leave searching to the content agent.'

/** The main agent with its subagent. */
export function createProjectAgent(vercelAIProvider: Orchestrator, model: string, project: Project): Agent {
  const contentAgent = new Agent({
    name: 'Content Agent',
    purpose: 'Specialized agent for searching and retrieving project content',
    instructions: systemPrompt,
    llm: vercelAIProvider,
    model: openai(model),
    tools: [searchProjectFiles(project)],
    markdown: true,
    memory: false,
  })
  return new Agent({
    name: 'Main Agent',
    instructions: mainSystemPrompt,
    llm: vercelAIProvider,
    model: openai(model),
    subAgents: [contentAgent],
    tools: [writeProjectFile(project)],
  })
}
