/** Answers the messages of the serving thread. */
import { type PlainError, toPlain } from '../errors/setup-error.ts';
import type { FromDrain, PassTo } from '../ipc/messages.ts';
import { SERVER_READY } from '../ipc/server-descriptors.ts';
import { sendDescriptors } from '../native/descriptor-passing.ts';
import { closeDescriptor } from '../native/libc.ts';
import { createServerPipes } from '../native/server-pipes.ts';
import { options, post, postNotices, receive } from './serving-thread.ts';
import type { Setup } from './set-up.ts';

/** Answers all waiting messages. Returns at `stop` and at `attach`, which the caller handles. */
export function answerRequests(setup: Setup): 'stop' | 'attach' | 'go on' {
  const { drain, slabWriter, serverRows, rules } = setup;
  for (let message = receive(); message; message = receive()) {
    switch (message.type) {
      case 'stop':
      case 'attach':
        return message.type;
      case 'rules':
      case 'end-rules':
      case 'rule-counts':
      case 'in-force':
      case 'limit-state':
        rules.answer(message);
        break;
      case 'attempts':
        setup.attempts.watch(message.limits);
        break;
      case 'pin':
        post({ type: 'pinned', error: pin(setup, message.on), pinned: setup.pins.path });
        break;
      case 'rows-wanted':
        if (message.by === 'server') serverRows?.want(message.perSecond);
        else slabWriter.want(message.perSecond);
        break;
      case 'make-pipes':
        post(makePipes(message.passTo));
        break;
      case 'server-started':
        serverRows?.connect(message.pipes);
        break;
      case 'server-ended':
        serverRows?.disconnect();
        setup.lowLatency = false;
        setup.reportsWanted.server = false;
        break;
      case 'low-latency':
        setup.lowLatency = message.lowLatency;
        break;
      case 'new-sources-wanted':
        drain.wantNewSources(message.isWanted, performance.now());
        break;
      case 'serving':
        setup.serviceManager.ready(message.status);
        break;
      case 'has-clients':
        setHasClients(setup, message.by, message.hasClients);
    }
  }
  return 'go on';
}

function pin({ pins, interfaces }: Setup, on: boolean): PlainError | undefined {
  try {
    if (options.pin === 'always' || (on && options.pin === 'auto')) pins.pin(interfaces.links());
    else pins.unpin();
    return undefined;
  } catch (error) {
    return toPlain(error);
  }
}

/** To a socket: passes the server's ends, with the slabs, and closes them here. */
function makePipes(passTo: PassTo): Extract<FromDrain, { type: 'pipes' }> {
  try {
    const pipes = createServerPipes(passTo === 'messages');
    if (typeof passTo === 'string' || options.server === undefined) return { type: 'pipes', pipes, error: undefined };
    const { marks, released } = pipes.server;
    try {
      sendDescriptors(passTo.socket, SERVER_READY, [marks, options.server.slabs.readOnly, released]);
    } catch (error) {
      // No server gets the other ends.
      closeDescriptor(pipes.core.marks);
      closeDescriptor(pipes.core.released);
      throw error;
    } finally {
      closeDescriptor(marks);
      closeDescriptor(released);
    }
    return { type: 'pipes', pipes: { core: pipes.core, server: undefined }, error: undefined };
  } catch (error) {
    return { type: 'pipes', pipes: undefined, error: toPlain(error) };
  }
}

/** After a long sleep the next report is overdue, so the client gets one at once. */
function setHasClients(setup: Setup, by: 'core' | 'server', hasClients: boolean): void {
  setup.reportsWanted[by] = hasClients;
  const { offsetNs, step } = setup.drain.setClock();
  setup.serverRows?.clock(offsetNs);
  if (step) postNotices([step]);
}
