export { AddressError, formatAddress, parseAddress } from './address/address.ts';
export { type AddressMark, addressMark } from './address/address-marks.ts';
export {
  formatNetwork,
  formatNetworkProblem,
  type Network,
  NetworkError,
  type NetworkProblem,
  parseNetwork,
  readNetwork,
  unmapped,
} from './address/network.ts';
export {
  ALERT_STATES,
  type AlertCondition,
  type AlertRate,
  type AlertShare,
  type AlertState,
  alertConditionText,
  type FilteredRate,
  type RateCondition,
} from './alerts/alert-condition.ts';
export { AlertConditionError } from './alerts/alert-condition-error.ts';
export { type AlertProgress, type EvaluatedAlert, evaluateAlert } from './alerts/alert-progress.ts';
export { MAX_ALERT_CONDITION, parseAlertCondition } from './alerts/parse-alert-condition.ts';
export { encodeBatch, PacketLogBatch, readBatches } from './batch/batch.ts';
export type { BatchCounters, BatchHeader } from './batch/batch-header.ts';
export { writeBatchCounters, writeBatchHeader } from './batch/batch-header-writer.ts';
export { BATCH_HEADER_FIELDS, BATCH_HEADER_SIZE, BATCH_MAGIC } from './batch/batch-layout.ts';
export {
  type BanResults,
  type BansAnswer,
  type BansListRequest,
  type BansRequest,
  type BansVerb,
  bansRequestSchemas,
  type CheckedBansRequest,
  type DecisionsRequest,
  type UndoBansRequest,
} from './defence/ban-requests.ts';
export {
  BAN_GUARDS,
  type Ban,
  type BanGuard,
  type Bans,
  banSchema,
  bansSchema,
  DECISION_KINDS,
  type Decision,
  type DecisionKind,
  decisionSchema,
  MAX_BANS,
  MAX_BANS_AT_ONCE,
  MAX_DECISION_SAMPLES,
  MAX_DECISIONS_AT_ONCE,
  MAX_NEWEST_BANS,
  noBans,
} from './defence/decision.ts';
export { decisionText, limitName, ordinal } from './defence/decision-text.ts';
export {
  type BucketLevel,
  bucketLevelSchema,
  type CheckedLimitsTopRequest,
  type LimitLevels,
  type LimitsTopRequest,
  type LimitTriedRequest,
  limitLevelsSchema,
  limitsTopSchema,
  limitTriedSchema,
  MAX_BUCKETS_AT_ONCE,
} from './defence/limit-levels.ts';
export { type ExplainedField, type ExplainedKey, explainPacket } from './explain/explain.ts';
export { type KindOfTraffic, kindName } from './explain/kind-name.ts';
export { csvText, PACKET_LOG_CSV_HEADER, packetLogCsv } from './export/csv.ts';
export { PCAPNG_COMMENT, PcapngEncoder } from './export/pcapng.ts';
export {
  type ColumnFilter,
  columnsOfFilter,
  compileColumnFilter,
  type FilterColumns,
  type FilterLook,
  type MatchingRows,
} from './filter/columns/to-columns.ts';
export { filterToSql } from './filter/columns/to-sql.ts';
export { compileFilter, type FilterEnvironment } from './filter/compile.ts';
export {
  completeFilter,
  type FilterCompletion,
  type FilterOption,
  type FilterVocabulary,
} from './filter/complete.ts';
export {
  type AllFilter,
  type AndFilter,
  allOf,
  anyOf,
  type Comparison,
  EVERYTHING,
  type Filter,
  type FlagsFilter,
  type IcmpFilter,
  type InterfaceFilter,
  interfacesNamed,
  type NetworkFilter,
  type NotFilter,
  type NumberField,
  type NumberFilter,
  type OrFilter,
  type PortFilter,
  type Side,
  type TermFilter,
} from './filter/filter.ts';
export { FilterError, type TextRange } from './filter/filter-error.ts';
export { filterKey, simplified } from './filter/filter-key.ts';
export { type FilterProblem, filterProblem, filterProblemSchema, filterTextSchema } from './filter/filter-text.ts';
export { formatFilter } from './filter/format.ts';
export { type Highlight, highlightFilter } from './filter/highlight.ts';
export { filterTests } from './filter/lists.ts';
export { nearest } from './filter/nearest.ts';
export { parseFilter } from './filter/parse.ts';
export { MAX_FILTER_LENGTH } from './filter/tokens.ts';
export {
  FINDING_KINDS,
  type Finding,
  type FindingKind,
  type Findings,
  findingSchema,
  findingsSchema,
  noFindings,
} from './findings/finding.ts';
export { findingEvidence, findingText } from './findings/finding-text.ts';
export { type DetectorOptions, FindingsDetector } from './findings/findings-detector.ts';
export { NewSources } from './findings/new-sources.ts';
export {
  type History,
  type HistoryRequest,
  type HistoryTop,
  type HistoryTopRequest,
  historyRequestSchema,
  historySchema,
  historyTopRequestSchema,
  historyTopSchema,
} from './history/history.ts';
export { HISTORY_COLUMNS, HISTORY_LEVELS, type HistoryColumn, type HistoryStep } from './history/history-layout.ts';
export {
  type LiveRates,
  type LiveRequest,
  type LiveTop,
  liveEndRequestSchema,
  liveRatesSchema,
  liveRequestSchema,
  liveTopSchema,
} from './live/live-requests.ts';
export { icmpTypeName } from './names/icmp-names.ts';
export { serviceName, serviceNames, servicePort } from './names/service-names.ts';
export { type Coverage, coverageSchema, type Missing, missingSchema } from './past/coverage.ts';
export {
  type KnownGoodReason,
  type PastDryRunReport,
  type PastDryRunRequest,
  type PastLimit,
  pastDryRunRequestSchema,
} from './past/past-dry-run.ts';
export {
  type LearnedKind,
  type LearnedRule,
  type PastLearned,
  type PastLearnRequest,
  pastLearnedSchema,
  pastLearnRequestSchema,
} from './past/past-learn.ts';
export {
  MAX_BOOKMARK_NOTE,
  MAX_BOOKMARKS,
  MAX_GROUP_NETWORKS,
  MAX_LEARN_SOURCES,
  MAX_PAST_ADDRESSES,
  MAX_PAST_ROWS,
  MAX_PAST_STEPS,
  MAX_PAST_TOP,
  SOURCE_GROUPS,
  type SourceGroup,
} from './past/past-limits.ts';
export {
  type Bookmark,
  bookmarkSchema,
  type FirstSeen,
  type FirstSeenRequest,
  firstSeenRequestSchema,
  firstSeenSchema,
  type PastBookmarkRequest,
  type PastCancelRequest,
  type PastFacts,
  type PastRates,
  type PastRatesRequest,
  type PastRows,
  type PastRowsRequest,
  type PastTop,
  type PastTopRequest,
  type PastUnbookmarkRequest,
  type PastVerb,
  pastBookmarkRequestSchema,
  pastCancelRequestSchema,
  pastFactsRequestSchema,
  pastFactsSchema,
  pastRatesRequestSchema,
  pastRatesSchema,
  pastRequestSchemas,
  pastRowsRequestSchema,
  pastRowsSchema,
  pastTopRequestSchema,
  pastTopSchema,
  pastUnbookmarkRequestSchema,
} from './past/past-requests.ts';
export { stepFor } from './past/past-steps.ts';
export {
  type AttachMode,
  attachModeSchema,
  type ClientLedger,
  clientLedgerSchema,
  type Filtering,
  filteringSchema,
  type HopLedger,
  hopLedgerSchema,
  type Interface,
  type InterfaceLedger,
  interfaceLedgerSchema,
  interfaceSchema,
  type Ledger,
  ledgerSchema,
  type RecorderLedger,
  recorderLedgerSchema,
} from './protocol/ledger.ts';
export {
  DEFAULT_ROWS_PER_SECOND,
  MAX_BATCHES_PER_SECOND,
  MAX_MESSAGE_BYTES,
  MAX_PLACE_ADDRESSES,
  MAX_REVERSE_ADDRESSES,
  MAX_ROWS_PER_SECOND,
  MAX_TOKEN_CHARACTERS,
  MIN_TOKEN_CHARACTERS,
  PROTOCOL_VERSION,
  TOKEN_PATTERN,
} from './protocol/limits.ts';
export {
  type Listener,
  listenerSchema,
  type Place,
  type Places,
  type PlacesRequest,
  placeSchema,
  placesRequestSchema,
  placesSchema,
  type ReverseNames,
  type ReverseNamesRequest,
  reverseNamesRequestSchema,
  reverseNamesSchema,
} from './protocol/name-requests.ts';
export {
  type Acknowledgement,
  type ClientToServerEvents,
  type Handshake,
  type Hello,
  handshakeSchema,
  helloSchema,
  type Notice,
  noticeSchema,
  type Pause,
  pauseSchema,
  type Rejection,
  rejectionSchema,
  type ServerToClientEvents,
  type Subscribe,
  type Summary,
  subscribeSchema,
  summarySchema,
  type Volume,
} from './protocol/protocol.ts';
export { BatchFormatError, type BatchFormatErrorCode, type BatchFormatFacts } from './record/batch-error.ts';
export {
  actionName,
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  etherTypeName,
  hasPorts,
  protocolName,
  reasonName,
  vlanName,
} from './record/field-names.ts';
export { packetLogJson } from './record/json-line.ts';
export {
  ACTIONS,
  type Action,
  EXTENSION_HEADER_LIMIT,
  FIELD_BYTES,
  FIELD_OFFSETS,
  IP_PROTOCOL_NONE,
  PACKET_LOG_FIELDS,
  PACKET_LOG_SIZE,
  type PacketLogField,
  type PacketLogFieldName,
  type PacketLogFieldType,
  REASONS,
  type Reason,
  VLAN_PRIORITY_TAG,
  VLAN_TAG_LIMIT,
} from './record/layout.ts';
export { encodePacketLog, type PacketLog } from './record/packet-log.ts';
export {
  addressesRead,
  icmpRead,
  isLaterFragment,
  portsRead,
  type ReadFacts,
  tcpFlagsRead,
} from './record/read-fields.ts';
export { reasonSentence } from './record/reasons.ts';
export { tcpFlagsLetters, tcpFlagsMeaning, tcpFlagsText } from './record/tcp-flags.ts';
export { PacketLogView, type RecordPredicate, type RecordShape } from './record/view.ts';
export { formatDuration, parseDuration } from './rules/duration.ts';
export { parseTcpFlags } from './rules/flag-condition.ts';
export { formatIpProtocol, parseIpProtocol } from './rules/ip-protocol.ts';
export {
  type BanTimes,
  LIMIT_MEASURES,
  type LimitConsequence,
  type LimitFields,
  type LimitMeasure,
  type LimitNumbers,
  type LimitPer,
  limitNumbers,
  limitText,
  parseThen,
} from './rules/limit.ts';
export {
  LIMIT_PRESET_NAMES,
  LIMIT_PRESETS,
  type LimitPreset,
  type LimitPresetName,
  type LimitPresetRule,
  presetDrafts,
} from './rules/limit-presets.ts';
export { type MatchContext, mappedNote, neverMatches } from './rules/never-matches.ts';
export {
  hasPacketCondition,
  PACKET_CONDITION_FIELDS,
  type PacketCondition,
  packetCondition,
  packetConditionText,
  parseDestination,
  parseLengthRange,
} from './rules/packet-condition.ts';
export type { OwnPeer, PermitProposals, ProposedPermit, WideListener } from './rules/permit-proposals.ts';
export { formatPortRange, type PortRange, parsePortRange } from './rules/port-range.ts';
export {
  type BadLine,
  type CheckedRulesRequest,
  invalidRequest,
  type RulesAnswer,
  type RulesDiff,
  type RulesError,
  type RulesEvents,
  type RulesRequest,
  type RulesResults,
  type RulesVerb,
  rulesErrorSchema,
  rulesRequestSchemas,
} from './rules/requests.ts';
export {
  type CheckedRuleChanges,
  type CheckedRuleDraft,
  type CheckedRuleSelector,
  type DefaultPolicy,
  defaultPolicySchema,
  type FileRule,
  fileRuleSchema,
  type Rule,
  type RuleAction,
  type RuleChanges,
  type RuleDraft,
  type RuleSelector,
  ruleActionSchema,
  ruleChangesSchema,
  ruleDraftSchema,
  ruleIdSchema,
  ruleSchema,
  ruleSelectorSchema,
  setNameSchema,
} from './rules/rule.ts';
export {
  FIRST_BAN_RULE_ID,
  MAX_DRY_RUN_SECONDS,
  MAX_REASON_LENGTH,
  MAX_RULE_ID,
  MAX_RULES_AT_ONCE,
  RULE_ACTIONS,
} from './rules/rule-limits.ts';
export { RuleValueError } from './rules/rule-value-error.ts';
export { type FileSet, fileSetSchema, type RulesFile, rulesFileSchema } from './rules/rules-file.ts';
export { ruleSentence } from './rules/sentence.ts';
export {
  type AuditEntry,
  auditEntrySchema,
  type DryRunReport,
  dryRunReportSchema,
  type InForce,
  inForceSchema,
  type PendingChange,
  type ProtectedAddress,
  pendingChangeSchema,
  protectedAddressSchema,
  type RuleCounters,
  type RuleSet,
  type RulesAlarm,
  type RulesSnapshot,
  type RulesStep,
  ruleCountersSchema,
  ruleSetSchema,
  rulesAlarmSchema,
  rulesSnapshotSchema,
  rulesStepSchema,
} from './rules/snapshot.ts';
export { formatRuleSource, isSetName, parseRuleSource, type RuleSource } from './rules/source.ts';
export { AddressDictionary } from './segments/address-column.ts';
export { type AddressColumn, columnsOf, type RecordColumns, recordsOf } from './segments/columns.ts';
export { gzipMember, gzipMemberLength } from './segments/gzip-member.ts';
export {
  type AddressField,
  type BlockPart,
  type BlockPartKind,
  decodeAddresses,
  decodeDictionary,
  decodeNode,
  decodeNumbers,
  dictionarySize,
  encodeBlock,
  MAX_NODE_BYTES,
  MAX_SEGMENT_RECORDS,
  type NumberColumn,
} from './segments/native-block.ts';
export {
  arePairFields,
  PAIR_FIELDS,
  PairColumns,
  type PairDictionaries,
  type PairKind,
  type PairSums,
  pairSumsOf,
  type WholePairSums,
} from './segments/pair-sums.ts';
export { PORT_FIELDS, type PortSums, portSumsOf, portTest } from './segments/port-sums.ts';
export { RATE_FIELDS, RateSums } from './segments/rate-sums.ts';
export {
  type ActionSums,
  factsOf,
  type SegmentFacts,
  SUMMED_ACTIONS,
  type SummedAction,
} from './segments/segment-facts.ts';
export { SegmentFormatError } from './segments/segment-format-error.ts';
export {
  decodeIndex,
  encodeIndex,
  MAX_INDEX_BYTES,
  SEGMENT_COMPRESSIONS,
  type SegmentCompression,
  type SegmentFrame,
  type SegmentIndex,
} from './segments/segment-index.ts';
export { SumsByKey, type Top, type TopEntry, type TopField, type TopKey } from './segments/sums-by-key.ts';
export {
  type RecordSums,
  type StepSums,
  SumsByTime,
  TIME_STEP_NS,
  type TimeStep,
  type TimeSums,
} from './segments/sums-by-time.ts';
export { zstdFrameLength } from './segments/zstd-frame.ts';
