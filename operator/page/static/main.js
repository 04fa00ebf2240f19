// The page: shows what its address names, keeps it true, and says so when it can't. A table of contents.

import { Connection } from './connection.js';
import { byId, h, redraw } from './dom.js';
import { formatAge } from './format.js';
import { JobView } from './job-view.js';
import { ListView } from './list-view.js';

/** @typedef {import('../page-api.ts').PageHost} PageHost */
/** @typedef {import('./connection.js').Answer} Answer */
/** @typedef {{ element: Element, title: string, path: string, isPast: (answer: Answer) => boolean, update: (answer: Answer) => PageHost | null }} View */

const [main, hostLine, connectionLine, notices] = ['main', 'host', 'connection', 'notices'].map(byId);
const connection = new Connection(showConnection);

/** @returns {View} */
function viewOfAddress() {
  const [, namespace, name] = /^#\/jobs\/([a-z0-9.-]+)\/([a-z0-9.-]+)$/.exec(location.hash) ?? [];
  return namespace === undefined || name === undefined ? new ListView() : new JobView(namespace, name);
}

function show() {
  const view = viewOfAddress();
  document.title = view.title;
  let isShown = false;
  connection.follow(view.path, (answer) => {
    if (view.isPast(answer)) return show();
    const host = view.update(answer);
    if (host !== null) showHost(host);
    if (isShown) return;
    isShown = true;
    main.replaceChildren(view.element);
    window.scrollTo(0, 0);
  });
}

/** @param {PageHost} host */
function showHost(host) {
  const who = { leading: 'operator', following: 'operator, not leading', machine: 'this machine' }[host.mode];
  const where = host.jobsOf === null ? '' : `, namespace ${host.jobsOf.join(', ')}`;
  redraw(hostLine, host, () => [`${who}${where} · ${host.version}`]);
  redraw(notices, host, () => [host.mode === 'following' && followingNotice(host)]);
}

/** @param {PageHost} host */
function followingNotice({ leader, namespace }) {
  const pod = leader === null ? 'the pod of the operator that leads' : `pod/${leader}`;
  return h(
    'div',
    { class: 'notice wait' },
    h('strong', {}, 'This operator waits; another one leads'),
    h('p', {}, 'Jobs, pods and events are shown as they are. The curves are with the one that leads:'),
    h('pre', {}, `kubectl${namespace === null ? '' : ` --namespace ${namespace}`} port-forward ${pod} 8081`),
  );
}

function showConnection() {
  const { isLost, problem, answeredAtMs, retryAtMs } = connection.state;
  document.body.classList.toggle('stale', isLost);
  if (!isLost) {
    redraw(connectionLine, 'live', () => [h('span', { class: 'state good' }, 'live')]);
    return;
  }
  const wait = Math.max(0, Math.ceil(((retryAtMs ?? 0) - Date.now()) / 1000));
  const known = answeredAtMs === null ? '' : `; what is shown is ${formatAge((Date.now() - answeredAtMs) / 1000)} old`;
  redraw(connectionLine, [problem, known], () => {
    const retry = h('button', { type: 'button', id: 'retry' }, 'try now');
    retry.addEventListener('click', () => connection.retry());
    return [h('span', { class: 'state bad' }, `connection lost: ${problem}${known}`), h('span', { id: 'wait' }), retry];
  });
  byId('wait').textContent = `again in ${wait}s`;
}

// A lost connection is counted down; a live one needs no clock.
setInterval(() => connection.state.isLost && showConnection(), 1000);
window.addEventListener('hashchange', show);
// The address says what is shown: going to the content is no other address.
byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
show();
