import { LlmError } from '../../core/error.ts'
import type { Member, MemberRole } from '../storage/index.ts'

/** Who asks. A host fills it from its own sign-in; nothing in it is taken from the request's content. */
export interface Identity {
  readonly userId: string
  /** The organisation that the user acts for. */
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
}

export type Permission = 'read' | 'write' | 'deploy' | 'admin'

/** Everything the chat service does, by name: what a host's own check is asked about. */
export type Operation =
  | 'create'
  | 'list'
  | 'get'
  | 'update'
  | 'delete'
  | 'setMember'
  | 'removeMember'
  | 'send'
  | 'post'
  | 'regenerate'
  | 'resend'
  | 'fork'
  | 'variants'
  | 'chooseVariant'
  | 'history'
  | 'getMessage'
  | 'editMessage'
  | 'deleteMessage'
  | 'search'
  | 'threads'
  | 'toggleReaction'
  | 'reactions'
  | 'attach'
  | 'attachments'
  | 'detach'
  | 'addTask'
  | 'updateTask'
  | 'tasks'
  | 'summarize'
  | 'summaries'
  | 'export'
  | 'import'
  | 'usage'

/** To whom a conversation belongs. */
export interface Ownership {
  readonly userId: string
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  /** Who else takes part. */
  readonly members?: readonly Member[] | undefined
}

/** What the guard is asked: may `identity` do `operation`? */
export interface AccessRequest {
  readonly identity: Identity
  readonly operation: Operation
  readonly permission: Permission
  /** Absent for operations that are about no single conversation. */
  readonly conversation?: (Ownership & { readonly id: string }) | undefined
  /** In place of a conversation: where one is begun or looked for. */
  readonly place?: Ownership | undefined
}

/** How a host says who may do what. Left out, users see what is their own and nothing else. */
export interface AccessOptions {
  /** What the user is in an organisation; `undefined` for no member. Default: a member of the one that the identity names. */
  readonly orgRole?:
    | ((identity: Identity, orgId: string) => MemberRole | undefined | Promise<MemberRole | undefined>)
    | undefined
  /** What the user is in a project, asked besides `orgRole`. Default: what the user is in the organisation. */
  readonly projectRole?:
    | ((
        identity: Identity,
        project: { readonly orgId: string | undefined; readonly projectId: string },
      ) => MemberRole | undefined | Promise<MemberRole | undefined>)
    | undefined
  /** Asked last, about everything that the roles allow: `false` refuses. */
  readonly allow?: ((request: AccessRequest) => boolean | Promise<boolean>) | undefined
}

/** Every operation with the permission that it takes. */
export const operations: Readonly<Record<Operation, Permission>> = Object.freeze({
  create: 'write',
  list: 'read',
  get: 'read',
  update: 'write',
  delete: 'admin',
  setMember: 'admin',
  removeMember: 'admin',
  send: 'write',
  post: 'write',
  regenerate: 'write',
  resend: 'write',
  fork: 'read',
  variants: 'read',
  chooseVariant: 'write',
  history: 'read',
  getMessage: 'read',
  editMessage: 'write',
  deleteMessage: 'write',
  search: 'read',
  threads: 'read',
  toggleReaction: 'write',
  reactions: 'read',
  attach: 'write',
  attachments: 'read',
  detach: 'write',
  addTask: 'write',
  updateTask: 'write',
  tasks: 'read',
  summarize: 'write',
  summaries: 'read',
  export: 'read',
  import: 'write',
  usage: 'read',
})

const permissions: Readonly<Record<MemberRole, readonly Permission[]>> = Object.freeze({
  owner: ['read', 'write', 'deploy', 'admin'],
  admin: ['read', 'write', 'deploy', 'admin'],
  editor: ['read', 'write', 'deploy'],
  member: ['read', 'write'],
  viewer: ['read'],
})

/** What a role may do. */
export function permissionsOf(role: MemberRole): readonly Permission[] {
  return Object.hasOwn(permissions, role) ? permissions[role] : []
}

/** The one place that decides who may do what. */
export interface Guard {
  /** The user, or `unauthorized` where nobody is signed in. */
  identify(identity: Identity | undefined): Identity
  /** Passes for who may act on a conversation, and says as what. Rejects with `not-found` for strangers, who are not told that it exists, and with `unauthorized` for members without the permission. */
  check(
    identity: Identity,
    operation: Operation,
    conversation: Ownership & { readonly id: string },
  ): Promise<MemberRole>
  /** The same for what has no conversation yet: to create one, to list. */
  checkPlace(identity: Identity, operation: Operation, place: Ownership): Promise<MemberRole>
}

/** Makes the guard of a service. */
export function createGuard(options: AccessOptions = {}): Guard {
  const guard: Guard = {
    identify,
    check: async (identity, operation, conversation) => {
      const role = await roleIn(options, identity, conversation)
      if (role === undefined) throw unknownConversation(conversation.id)
      await permit(options, role, { identity, operation, conversation, permission: operations[operation] })
      return role
    },
    checkPlace: async (identity, operation, place) => {
      const role = await roleIn(options, identity, place)
      if (role === undefined) throw forbidden(operation, placeName(place))
      await permit(options, role, { identity, operation, permission: operations[operation], place })
      return role
    },
  }
  return guard
}

/** A conversation that is not there, or not for the one who asks: the two are not told apart. */
export function unknownConversation(id: string): LlmError {
  const message = `there is no conversation "${id}" for this user; leave conversationId out to begin a new one`
  return new LlmError('not-found', message, { code: 'conversation-not-found' })
}

function identify(identity: Identity | undefined): Identity {
  if (typeof identity?.userId === 'string' && identity.userId !== '') return identity
  const message = 'nobody is signed in: give identity: { userId }'
  throw new LlmError('unauthorized', message, { code: 'no-identity' })
}

// Who has left the organisation has left its conversations too, also those of their own.
async function roleIn(
  { orgRole = ownOrg, projectRole }: AccessOptions,
  identity: Identity,
  { userId, orgId, projectId, members = [] }: Ownership,
): Promise<MemberRole | undefined> {
  const invited = members.find((member) => member.userId === identity.userId)?.role
  const personal = userId === identity.userId ? 'owner' : invited
  if (orgId === undefined && projectId === undefined) return personal
  const inOrg = orgId === undefined ? undefined : await orgRole(identity, orgId)
  if (orgId !== undefined && inOrg === undefined) return undefined
  const inProject =
    projectId === undefined || (projectRole === undefined && orgId !== undefined)
      ? inOrg
      : await projectRole?.(identity, { orgId, projectId })
  const roles = [personal, inProject, inOrg === 'owner' || inOrg === 'admin' ? inOrg : undefined]
  return inProject === undefined && roles[2] === undefined ? undefined : strongest(roles)
}

function ownOrg(identity: Identity, orgId: string): MemberRole | undefined {
  return identity.orgId === orgId ? 'member' : undefined
}

function strongest(roles: readonly (MemberRole | undefined)[]): MemberRole | undefined {
  const held = roles.filter((role) => role !== undefined)
  return held.toSorted((a, b) => permissionsOf(b).length - permissionsOf(a).length)[0]
}

async function permit({ allow }: AccessOptions, role: MemberRole, request: AccessRequest): Promise<void> {
  const { operation, permission, conversation } = request
  const where = conversation === undefined ? 'here' : `in conversation "${conversation.id}"`
  if (!permissionsOf(role).includes(permission)) throw forbidden(operation, where, role)
  if (allow !== undefined && !(await allow(request))) throw forbidden(operation, where, role)
}

function forbidden(operation: Operation, where: string, role?: MemberRole): LlmError {
  const as = role === undefined ? 'this user is no member' : `a ${role} may not`
  return new LlmError('unauthorized', `"${operation}" ${where} is refused: ${as}`, { code: 'forbidden' })
}

function placeName({ orgId, projectId }: Ownership): string {
  return projectId === undefined ? `in organisation "${orgId}"` : `in project "${projectId}"`
}

/** Where a conversation that a request begins belongs. */
export function ownerScope({
  identity,
  orgId = identity.orgId,
  projectId = orgId === identity.orgId ? identity.projectId : undefined,
}: {
  readonly identity: Identity
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
}): { userId: string; orgId: string | undefined; projectId: string | undefined } {
  return { userId: identity.userId, orgId, projectId }
}
