/** Channels of messages in words. */
import type { CopyKey, Say } from '../copy';
import { inLanguage } from '../copy/services';
import type { Channel } from '../host/bindings/Channel';
import type { ChannelFacts } from '../host/bindings/ChannelFacts';
import type { ChannelRecord } from '../host/bindings/ChannelRecord';

import { problemSays } from './problem';
import { moment, type Region } from './time';

/** What people call a kind of channel; its own word until the kinds are known. */
export function kindName(say: Say, kinds: readonly ChannelFacts[], { kind }: Pick<Channel, 'kind'>): string {
  const facts = kinds.find((facts) => facts.kind === kind);
  return facts ? inLanguage(say, facts.name) : kind;
}

/** What a channel is called: the person's own name for it before that of its kind. */
export function channelName(say: Say, kinds: readonly ChannelFacts[], channel: Channel): string {
  return channel.label ?? kindName(say, kinds, channel);
}

/** How the last message, or ping, went. */
export function recordSays(say: Say, region: Region, now: Date, last: ChannelRecord | null, worked: CopyKey & ('nt.sent' | 'nt.pinged')): string {
  if (last === null) return say('nt.never');
  const t = moment(region, new Date(last.at), now);
  return last.problem === null ? say(worked, { t }) : say('nt.failed', { t, why: problemSays(say, last.problem) });
}

/** The two ends of quiet hours that are written as `22:00-08:00`. */
export function quietEnds(hours: string): { from: string; to: string } {
  const [from = '', to = ''] = hours.split('-');
  return { from, to };
}
