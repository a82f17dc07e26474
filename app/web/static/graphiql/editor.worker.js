import{a}from"./chunk-CQJXV2EH.js";import"./chunk-UNIFAZ4T.js";import"./chunk-QLF2ZZE4.js";import"./chunk-ZP6M3BAM.js";import"./chunk-KRY6W33C.js";import"./chunk-43DUZJE2.js";export{a as initialize};
