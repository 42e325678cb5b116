export { type ImageLimit, imageLimits } from '../xdp/limits/image-limits.ts';
export { type CompiledRules, compileRules, type RulesToCompile } from './compiler/compile.ts';
export { RulesCompileError } from './compiler/compile-error.ts';
export { recordFacts, recordTime } from './evaluator/record-facts.ts';
export { NOT_IP, type PacketFacts, RuleImage, type Verdict } from './evaluator/rule-image.ts';
export { type DecodedLevels, decodeLevels } from './limits/decode-levels.ts';
export { type AddressList, addressListLength, EMPTY_ADDRESS_LIST, formatAddressList } from './lists/address-list.ts';
export { BAD_LINES_KEPT, type ParsedAddressList, parseAddressList } from './lists/parse-address-list.ts';
