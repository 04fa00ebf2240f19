// Original file: group.proto


export interface JoinGroupReplyInput {
}

export interface JoinGroupReply {
}
