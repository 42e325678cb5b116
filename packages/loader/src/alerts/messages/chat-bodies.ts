/** The bodies for ntfy, Slack and Discord: plain text, in which nothing is a mention, a link or a format. */
import { isFiring, messageText, messageTitle, shortened } from './message-text.ts';
import type { OutgoingMessage, RenderedMessage } from './outgoing-message.ts';

/** ntfy turns longer messages into attachments: 4,096 bytes; a character has at most 3 in UTF-16 units. */
const NTFY_MESSAGE = 1300;
const NTFY_TITLE = 200;
const NTFY_HIGH = 4;
const NTFY_DEFAULT = 3;
/** Slack shortens messages of more characters. */
const SLACK_TEXT = 4000;
const DISCORD_CONTENT = 2000;
/** SUPPRESS_EMBEDS: no previews of URLs. */
const NO_EMBEDS = 4;
const NO_BREAK = '\u200b';

/** JSON is published to the server, not to the topic: https://docs.ntfy.sh/publish/#publish-as-json. */
export function ntfyBody(url: string, message: OutgoingMessage): RenderedMessage {
  const topic = new URL(url);
  const body = {
    topic: topic.pathname.slice(1),
    title: shortened(messageTitle(message), NTFY_TITLE),
    message: shortened(messageText(message), NTFY_MESSAGE),
    priority: isFiring(message) ? NTFY_HIGH : NTFY_DEFAULT,
    tags: [isFiring(message) ? 'rotating_light' : 'white_check_mark'],
  };
  return { url: `${topic.origin}/`, body: JSON.stringify(body) };
}

/** With & < > escaped, no text is a mention or a link: https://docs.slack.dev/messaging/formatting-message-text. */
export function slackBody(url: string, message: OutgoingMessage): RenderedMessage {
  const text = shortened(messageText(message), SLACK_TEXT / 2)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    // Slack links names of channels and groups by itself in some workspaces.
    .replace(/[@#]/g, (sign) => `${sign}${NO_BREAK}`);
  return { url, body: JSON.stringify({ text: shortened(text, SLACK_TEXT), mrkdwn: false, unfurl_links: false }) };
}

/** https://docs.discord.com/developers/resources/webhook#execute-webhook */
export function discordBody(url: string, message: OutgoingMessage): RenderedMessage {
  const content = messageText(message)
    .replace(/[\\*_~`|>#[\]()<:-]/g, (sign) => `\\${sign}`)
    .replaceAll('@', `@${NO_BREAK}`);
  const body = {
    username: 'PacketLog',
    content: shortened(content, DISCORD_CONTENT),
    allowed_mentions: { parse: [] },
    flags: NO_EMBEDS,
  };
  return { url, body: JSON.stringify(body) };
}
