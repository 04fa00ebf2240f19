// Reading Dockerfiles: stages, arguments, configuration; and that nothing is passed over.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configOf, expand, parseCopy, parseDockerfile, parseRun, stageNamed } from '../../image/dockerfile.ts';

const TEXT = `# A comment.
ARG BASE=docker.io/library/base:1
FROM \${BASE} AS first
WORKDIR /a
RUN one \\
    # between
    && two
FROM scratch AS last
COPY --from=first /a/ /
ARG VERSION=1
LABEL title="a name" \\
      version="\${VERSION}"
ENV PATH="/bin" MODE=fast
USER 7:7
ENTRYPOINT ["node"]
CMD ["a.ts", "--b"]
`;

describe('a Dockerfile', () => {
  const dockerfile = parseDockerfile(TEXT);

  it('has stages with their instructions, continued lines joined and comments left out', () => {
    assert.deepEqual(dockerfile.args, { BASE: 'docker.io/library/base:1' });
    assert.deepEqual(
      dockerfile.stages.map(({ name, base }) => [name, base]),
      [
        ['first', '$' + '{BASE}'],
        ['last', 'scratch'],
      ],
    );
    assert.deepEqual(stageNamed(dockerfile, 'first').instructions, [
      { name: 'WORKDIR', text: '/a' },
      { name: 'RUN', text: 'one && two' },
    ]);
    assert.throws(() => stageNamed(dockerfile, 'other'), { message: 'Dockerfile: no stage other; it has first, last' });
  });

  it('configures the image, given arguments before defaults', () => {
    const last = stageNamed(dockerfile, 'last');
    const config = { User: '7:7', Env: ['PATH=/bin', 'MODE=fast'], Entrypoint: ['node'], Cmd: ['a.ts', '--b'] };
    assert.deepEqual(configOf(last, {}), { ...config, Labels: { title: 'a name', version: '1' } });
    assert.deepEqual(configOf(last, { VERSION: '2', OTHER: 'x' }).Labels, { title: 'a name', version: '2' });
  });

  it('copies from stages or from the context', () => {
    assert.deepEqual(parseCopy('--from=first /a/ /'), { from: 'first', sources: ['/a/'], to: '/' });
    assert.deepEqual(parseCopy('a b ./'), { from: null, sources: ['a', 'b'], to: './' });
    assert.throws(() => parseCopy('--chown=1 a b'), /only --from, sources and a target are understood/);
    assert.throws(() => parseCopy('a'), /only --from/);
  });

  it('runs commands, whose mounts change no result', () => {
    assert.equal(parseRun('--mount=type=secret,id=npmrc,target=/root/.npmrc npm ci'), 'npm ci');
    assert.throws(() => parseRun('--network=none npm ci'), /only mounts of secrets and caches are understood/);
  });

  it('is refused where it says what is not understood', () => {
    const wrong = (text: string, message: RegExp): void => assert.throws(() => parseDockerfile(text), message);
    wrong('FROM scratch AS a\nADD x /', /this is not understood: ADD x \//);
    wrong('FROM scratch', /must be IMAGE AS NAME/);
    wrong('RUN x', /RUN before the first FROM/);
    wrong('ARG X', /must be NAME=VALUE: X/);
    assert.throws(() => expand('$' + '{X}', {}), /\$\{X\} has no ARG/);
  });
});
