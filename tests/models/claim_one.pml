/* claim_one: claim and commit with ONE publisher.
 *
 * Models   the claim, commit and abort of the one-publisher mode: terminator at the claim, which nobody else can see;
 *          header, payload, then the word; then sequence and claimed position over the contiguous finished prefix.
 *          Two claims may be open and are finished in any order, each with all of its bytes, with fewer (a short
 *          commit: the rest becomes one skip, stored before the record's own word) or aborted. Payloads are
 *          adversarial, the ring gets exactly full. One or two reliable readers. An open claim that is followed by
 *          another gets the word `claimed`, over all its bytes. With -DDEATH the publisher dies before any of its
 *          stores, and the repair walks from the claimed position and aborts what is claimed.
 * P1       a reader only ever finds words stored for the position that it stands at, and its record stays intact until
 *          it moves its cursor.
 * P2       every number is seen once and in order, and all are seen in the end (else: invalid end state).
 * P3       the claimed position never passes an open claim.
 * P4       nobody stores into an open claim but its owner (-DTAP: no seat gates, only the open claims do).
 * P5       whatever was committed is delivered, also behind claims that were open at a death; those are aborted; no
 *          number is given twice (-DDEATH).
 * Flags    -DN= cells, -DK= sequences, -DREADERS= 1 or 2, -DTAP no reliable seat, -DDEATH.
 * Reach    -DREACH_FULL, -DREACH_SHORT_LATE, -DDEATH -DREACH_BEHIND: must fail; they show that the ring gets exactly full,
 *          that a short commit happens behind an open claim, that a repair aborts a claim before what was committed.
 * Mutants (each must fail)
 *   -DMUTANT_TERM_AT_COMMIT  the terminator is stored by the commit, not by the claim: a commit out of order is wiped
 *                            out by the commit before it.
 *   -DMUTANT_NO_TERM         no terminator: bytes of the lap before are taken for a word.
 *   -DMUTANT_NO_TERM_ROOM    the 16 free bytes are no part of the claim: the terminator falls on a record in use.
 *   -DMUTANT_SKIP_AFTER_WORD the skip of a short commit is stored after the word: a reader walks into payload bytes.
 *   -DMUTANT_WALK_BY_LENGTH  a reader goes on by the length rounded down, not up to cells: it lands inside the record.
 *   -DMUTANT_OWN_END         a commit stores the end of its own record as claimed position: it passes an open claim.
 *   -DTAP -DMUTANT_NO_OPEN_GATE  open claims do not gate: the publisher laps its own open claim.
 *   -DDEATH -DMUTANT_NO_CLAIMED  an open claim has no word: the repair ends at it.
 *   -DMUTANT_CLAIMED_BLIND       the word is stored whether or not the last claim is finished.
 */
#include "ring_cells.inc"
#ifndef READERS
#define READERS 1
#endif

byte claimed = 0, sequence = 1;         /* the shared positions */
byte cursor[2];
bool publisher_done = false;

#ifdef TAP
#define SEATS_GATE 200
#elif READERS == 2
#define SEATS_GATE (cursor[0] < cursor[1] -> cursor[0] : cursor[1])
#else
#define SEATS_GATE cursor[0]
#endif

/* the claims of the publisher: size == 0 is a free place */
#define OPEN(i) (size[i] > 0)
#define OLDEST_OPEN (OPEN(0) && (!OPEN(1) || pos[0] < pos[1]) -> pos[0] : (OPEN(1) -> pos[1] : 200))
#ifdef MUTANT_NO_OPEN_GATE
#define GATE SEATS_GATE
#else
#define GATE (OLDEST_OPEN < SEATS_GATE -> OLDEST_OPEN : SEATS_GATE)
#endif

#ifdef DEATH
#define MAY_DIE if :: goto died :: true fi
#else
#define MAY_DIE skip
#endif
byte committed_to = 0;                  /* ghost: behind the last record that was committed */

/* The last claim gets a word, if it has none: another is to follow. An oldest claim without one is the last. */
inline show_last() {
#ifndef MUTANT_NO_CLAIMED
  if
  :: claimed != head ->
     d_step { if :: STATE(cell[claimed % N]) == EMPTY -> last = claimed :: else fi };
     if
#ifdef MUTANT_CLAIMED_BLIND
     :: last != head -> put_word(last, WORD(CLAIMED, 2 * (head - last), 0))
#else
     :: last != head && STATE(cell[last % N]) == EMPTY -> put_word(last, WORD(CLAIMED, 2 * (head - last), 0))
#endif
     :: else
     fi;
     last = head;
     MAY_DIE
  :: else
  fi
#else
  skip
#endif
}

inline claim(i, length) {
  show_last();
  d_step { size[i] = length; pos[i] = head; num[i] = given + 1; given++; head = head + CELLS(length) };
#if !defined(MUTANT_TERM_AT_COMMIT) && !defined(MUTANT_NO_TERM)
  put_terminator(head);
#endif
  MAY_DIE;
  put_info(pos[i], num[i])
}

inline commit(p, length) {
  d_step {
    cell[(p) % N] = WORD(COMMITTED, length, 0); wrote[(p) % N] = p;
    if :: (p) + CELLS(length) > committed_to -> committed_to = (p) + CELLS(length) :: else fi
  }
}

inline short_commit(i, used) {
#ifdef REACH_SHORT_LATE
  assert(OLDEST_OPEN == pos[i]);
#endif
#ifndef MUTANT_SKIP_AFTER_WORD
  put_word(pos[i] + CELLS(used), WORD(SKIP, 2 * (CELLS(size[i]) - CELLS(used)), 0));
  MAY_DIE;
#endif
  commit(pos[i], used);
#ifdef MUTANT_SKIP_AFTER_WORD
  put_word(pos[i] + CELLS(used), WORD(SKIP, 2 * (CELLS(size[i]) - CELLS(used)), 0));
#endif
}

inline finish(i) {
  /* P4: the info cell is as the claim left it, and stays so while the payload is written */
  assert(wrote[(pos[i] + 1) % N] == OTHER(pos[i] + 1) && LEN(cell[(pos[i] + 1) % N]) == num[i]);
  put_payload(pos[i], size[i]);
#ifdef MUTANT_TERM_AT_COMMIT
  put_terminator(pos[i] + CELLS(size[i]));
#endif
  if
  :: commit(pos[i], size[i])
  :: put_word(pos[i], WORD(ABORTED, size[i], 0))
  :: CELLS(size[i]) > 2 -> short_commit(i, 4)
  :: CELLS(size[i]) > 3 -> short_commit(i, 5)
  fi;
  MAY_DIE;
#ifdef MUTANT_OWN_END
  if :: pos[i] + CELLS(size[i]) > claimed -> sequence = num[i] + 1; claimed = pos[i] + CELLS(size[i]) :: else fi;
  size[i] = 0;
#else
  size[i] = 0;
  /* over the contiguous finished prefix */
  do
  :: FINISHED(cell[claimed % N]) ->
     if
     :: STATE(cell[claimed % N]) != SKIP -> sequence = LEN(cell[(claimed + 1) % N]) + 1
     :: else
     fi;
     MAY_DIE;
     claimed = claimed + CELLS(LEN(cell[claimed % N]))
  :: else -> break
  od;
#endif
  assert(claimed <= OLDEST_OPEN);                               /* P3 */
  d_step { pos[i] = 0; num[i] = 0 }
}

#ifdef DEATH
inline repair() {
  do
  :: STATE(cell[claimed % N]) == EMPTY -> break
  :: else ->
     assert(wrote[claimed % N] == claimed);
     if
     :: STATE(cell[claimed % N]) == CLAIMED ->
#ifdef REACH_BEHIND
        assert(committed_to <= claimed);
#endif
        put_word(claimed, WORD(ABORTED, LEN(cell[claimed % N]), 0))
     :: else
     fi;
     if
     :: STATE(cell[claimed % N]) != SKIP ->
        assert(LEN(cell[(claimed + 1) % N]) + 1 >= sequence);
        sequence = LEN(cell[(claimed + 1) % N]) + 1
     :: else
     fi;
     claimed = claimed + CELLS(LEN(cell[claimed % N]))
  od;
  assert(claimed >= committed_to)                               /* P5 */
}
#endif

proctype publisher() {
  byte head = 0, given = 0;             /* private: where the next claim begins, sequences given out */
  byte last = 0;                        /* where the last claim behind an open one begins */
  byte pos[2], size[2], num[2];
  byte length, gate;
  do
  :: given < K && (!OPEN(0) || !OPEN(1)) ->
     if :: length = 4 :: length = 5 :: length = 7 fi;
wait:
     gate = GATE;
     if
     :: head + CELLS(length) + RESERVE <= gate + N ->
#ifdef REACH_FULL
        assert(head + CELLS(length) + RESERVE < gate + N);
#endif
        if :: !OPEN(0) -> claim(0, length) :: else -> claim(1, length) fi
     :: else ->
        if
        :: OPEN(0) || OPEN(1)                   /* an outcome, not a wait: the room may be one's own */
        :: else -> (GATE != gate); goto wait
        fi
     fi;
     gate = 0; length = 0
  :: OPEN(0) -> finish(0)
  :: OPEN(1) -> finish(1)
  :: given == K && !OPEN(0) && !OPEN(1) -> break
  od;
#ifndef MUTANT_OWN_END
  assert(claimed == head && sequence == K + 1);
#endif
#ifdef DEATH
  goto out;
died:
  skip;
  d_step {
    pos[0] = 0; pos[1] = 0; size[0] = 0; size[1] = 0; num[0] = 0; num[1] = 0;
    head = 0; given = 0; last = 0; length = 0; gate = 0
  };
  repair();
out:
#endif
  publisher_done = true
}

proctype reader(byte r) {
  byte expected = 1, w;
  do
  :: atomic { FINISHED(cell[cursor[r] % N]) -> w = cell[cursor[r] % N] };
     check_record(cursor[r], w, expected);
     /* ... the message is read here, while the publisher goes on ... */
     check_record(cursor[r], w, expected);
     if :: STATE(w) != SKIP -> expected++ :: else fi;
#ifdef MUTANT_WALK_BY_LENGTH
     cursor[r] = cursor[r] + LEN(w) / 2;
#else
     cursor[r] = cursor[r] + CELLS(LEN(w));
#endif
     w = 0
#ifdef DEATH
  :: publisher_done && cursor[r] == claimed -> break
#else
  :: expected == K + 1 && publisher_done && cursor[r] == claimed -> break
#endif
  od
}

init {
  atomic {
    format_ring();
    run publisher();
#ifndef TAP
    run reader(0);
#if READERS == 2
    run reader(1)
#endif
#endif
  }
}
