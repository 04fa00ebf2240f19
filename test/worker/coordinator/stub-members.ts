/**
 * Members with handlers of the test's own, behind real gRPC, already registered with a membership. For tests of one step
 * alone; whole jobs use fake-job.ts.
 */
import { MemberCalls } from '../../../worker/coordinator/calls.ts';
import { type Member, Membership, memberName, type WorkerRole } from '../../../worker/coordinator/membership.ts';
import { type RunningServer, type ServiceEntry, startGrpcServer } from '../../../worker/service/server.ts';

export class StubMembers implements AsyncDisposable {
  readonly membership: Membership;
  readonly calls: MemberCalls;
  readonly signal = new AbortController().signal;
  readonly #servers = new Map<string, RunningServer>();
  #numStarted = 0;

  constructor(expected: Partial<Record<WorkerRole, number>>, callMs = 5000) {
    this.membership = new Membership({
      expected: { generation: 0, actor: 0, critic: 0, reference: 0, reward: 0, ...expected },
      silentMs: 1e9,
      nowMs: () => 0,
    });
    this.calls = new MemberCalls({ membership: this.membership, callMs });
  }

  /** Serves on a free port and takes the place; a later one of the same place replaces it. */
  async start(role: WorkerRole, index: number, services: readonly ServiceEntry[]): Promise<Member> {
    const server = await startGrpcServer({ host: '127.0.0.1', port: 0, services });
    const incarnation = `incarnation-${this.#numStarted++}`;
    const member = { role, index, address: `127.0.0.1:${server.port}`, incarnation, pod: memberName({ role, index }) };
    this.#servers.set(incarnation, server);
    this.membership.register(member, 0);
    return member;
  }

  /** Breaks a member's connections; the membership doesn't know yet. */
  async stop(member: Member): Promise<void> {
    await this.#servers.get(member.incarnation)?.close(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.calls.close();
    await Promise.all([...this.#servers.values()].map((server) => server.close(0)));
  }
}
