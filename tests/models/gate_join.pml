/* gate_join: the refresh of the limit, against reliable readers that hold messages and against a seat that joins.
 *
 * Models   one publisher (or whoever holds the mutex) and its refresh:
 *            1. look at the seats: m = lowest cursor of the active ones;
 *            2. L' = min(m + capacity, max(head + stride, end of this claim));
 *            3. walk the tail by record sizes to the first boundary >= L' - capacity, no farther than the head (else cut L');
 *            4. store the tail;
 *            5. look at the seats again: limit = max(limit, min(L', m2 + capacity)).
 *          A reliable reader that holds up to two messages and releases them in any order; its cursor is the position
 *          of the oldest that it holds. A seat that joins at `now` (-DSTART_NOW) or `oldest`: X = claimed position or
 *          tail; cursor = X; active; membarrier; then while the tail is beyond X: X anew, cursor = X, membarrier.
 *          The publisher's stores (record, claimed position, tail) and the joiner's (cursor, active) pass through store
 *          buffers in order; a membarrier drains everybody's. The publisher pays nothing: this is the pair join / gate.
 *          A cell is the smallest record; a record has 1 or 2 cells and 1 free cell behind it for the terminator. Its
 *          stores leave the buffer as one (their order: claim_one, claim_many).
 * P1       a record that an active seat stands at or holds is never stored into, nor is a terminator laid over it.
 * P2       a joiner begins at a record, and sees each record from there on.
 * P3       limit and tail never go backwards, and no claim ends beyond the limit.
 * P4       nobody is blocked for ever (else: invalid end state): a joining seat with an old cursor gates, and moves on.
 * Flags    -DN= cells, -DMAXPOS= where the publisher stops, -DSTRIDE=, -DHOLDER the reader, -DJOIN the joiner,
 *          -DSTART_NOW, -DREJOIN the seat is left and taken once more,
 *          -DFENCES_FULL no membarrier: publisher (after the tail) and joiner fence, -DONE_LOOK the joiner looks at the
 *          tail once more instead of until it agrees (enough, see docs/protocol.md).
 * Reach    -DREACH_BEHIND_TAIL, -DREACH_CUT: must fail; they show that a joiner finds the tail beyond its X, and that the
 *          second look cuts the limit.
 * Mutants (each must fail)
 *   -DJOIN -DMUTANT_TAIL_LATE       the tail is stored after the second look.
 *   -DJOIN -DMUTANT_NO_SECOND_LOOK  step 5 is left out.
 *   -DJOIN -DMUTANT_NO_LOOP         the joiner does not look at the tail again.
 *   -DJOIN -DMUTANT_NO_MEMBARRIER   the joiner does not drain the publisher's buffer.
 *   -DJOIN -DMUTANT_OWN_FENCE       the joiner has a full fence of its own in place of the membarrier.
 *   -DJOIN -DMUTANT_ACTIVE_LAST     the seat gates only when the joiner's loop is done.
 *   -DHOLDER -DMUTANT_CURSOR_NEXT   a reader stores the next position as cursor although it holds an older message.
 *   -DHOLDER -DMUTANT_NO_GATE       the limit is not bounded by the seats.
 */
#ifndef N
#define N 4
#endif
#ifndef MAXPOS
#define MAXPOS 10
#endif
#ifndef STRIDE
#define STRIDE 2
#endif
#define OTHER(p) (128 + (p))
#define NO_GATE 100
#define HOLDERS_SEAT 0
#define JOINERS_SEAT 1

byte word[N];                           /* 0 empty, else cells of the committed record; other bytes look like 2 */
byte wrote[N];                          /* ghost: position last stored as a word (p) or as payload (OTHER(p)) */
byte tail = 0, claimed = 0;
bool gates[2];
byte cursor[2];
bool publisher_done = false;

mtype = { RECORD, CLAIMED, TAIL, CURSOR, ACTIVE };
chan publisher_buffer = [2] of { mtype, byte, byte };
chan joiner_buffer = [2] of { mtype, byte };

inline drain_publisher() {              /* the oldest store leaves the buffer */
  d_step {
    publisher_buffer ? kind, a, b;
    if
    :: kind == RECORD ->
       word[(a + b) % N] = 0; wrote[(a + b) % N] = a + b;
       if :: b == 2 -> word[(a + 1) % N] = 2; wrote[(a + 1) % N] = OTHER(a + 1) :: else fi;
       word[a % N] = b; wrote[a % N] = a
    :: kind == CLAIMED -> claimed = a
    :: kind == TAIL -> assert(a >= tail); tail = a
    fi;
    kind = 0; a = 0; b = 0
  }
}
inline drain_joiner() {
  d_step {
    joiner_buffer ? kind, a;
    if :: kind == CURSOR -> cursor[JOINERS_SEAT] = a :: kind == ACTIVE -> gates[JOINERS_SEAT] = a fi;
    kind = 0; a = 0
  }
}
#define PUBLISHER_DRAINED (len(publisher_buffer) == 0)
#define JOINER_DRAINED    (len(joiner_buffer) == 0)

proctype store_buffers() {
  mtype kind;
  byte a, b;
end:
  do
  :: drain_publisher()
  :: drain_joiner()
  od
}

/* A full fence waits for one's own buffer, a membarrier for everybody's: store_buffers() empties them at once. (That the
 * waiting takes time is no restriction: more may happen before, nothing after is later than it would be.) */
#define FULL_FENCE_PUBLISHER (PUBLISHER_DRAINED)
#define FULL_FENCE_JOINER    (JOINER_DRAINED)

/* each value loaded once */
inline look_at_seats(m) {
  m = NO_GATE;
#ifdef HOLDER
  if :: gates[HOLDERS_SEAT] -> m = cursor[HOLDERS_SEAT] :: else fi;
#endif
#ifdef JOIN
  if
  :: gates[JOINERS_SEAT] -> c = cursor[JOINERS_SEAT]; if :: c < m -> m = c :: else fi; c = 0
  :: else
  fi
#endif
}
#define GATE_OF(s) (gates[s] -> cursor[s] : NO_GATE)
#define GATE_NOW (GATE_OF(0) < GATE_OF(1) -> GATE_OF(0) : GATE_OF(1))
#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))

proctype publisher() {
  byte head = 0, limit = 0, my_tail = 0;
  byte size[N];                         /* the publisher's own view of the words, past its store buffer */
  byte s, m, m2, next_limit, c;
  do
  :: head >= MAXPOS -> break
  :: else ->
     if :: s = 1 :: s = 2 fi;
     do
     :: head + s + 1 <= limit -> break
     :: else ->
        look_at_seats(m);                                                       /* 1 */
        next_limit = MAX(head + STRIDE, head + s + 1);                          /* 2 */
#ifndef MUTANT_NO_GATE
        next_limit = MIN(next_limit, m + N);
#endif
        d_step {                                                                /* 3 */
          do
          :: my_tail + N < next_limit && my_tail < head ->
             assert(size[my_tail % N] > 0); my_tail = my_tail + size[my_tail % N]
          :: else -> break
          od;
          next_limit = MIN(next_limit, my_tail + N)
        };
#ifndef MUTANT_TAIL_LATE
        publisher_buffer ! TAIL, my_tail, 0;                                    /* 4 */
#endif
#ifdef FENCES_FULL
        FULL_FENCE_PUBLISHER;
#endif
#ifdef MUTANT_NO_SECOND_LOOK
        m2 = m;
#else
        look_at_seats(m2);                                                      /* 5 */
#endif
#ifdef MUTANT_TAIL_LATE
        publisher_buffer ! TAIL, my_tail, 0;
#endif
#ifdef REACH_CUT
        assert(next_limit <= m2 + N);
#endif
#ifndef MUTANT_NO_GATE
        next_limit = MIN(next_limit, m2 + N);
#endif
        if
        :: next_limit > limit -> limit = next_limit
        :: else ->                      /* gated by the lower of the two looks: wait until that has changed */
           m = MIN(m, m2);
           (GATE_NOW != m)
        fi;
        m = 0; m2 = 0; next_limit = 0
     od;
     atomic { publisher_buffer ! RECORD, head, s; size[head % N] = s; head = head + s };
     s = 0;
     assert(head < limit);                                                      /* P3 */
     publisher_buffer ! CLAIMED, head, 0
  od;
  PUBLISHER_DRAINED;
  publisher_done = true
}

#define INTACT(p, s) (wrote[(p) % N] == (p) && word[(p) % N] == (s) && ((s) < 2 || wrote[((p) + 1) % N] == OTHER((p) + 1)))

#ifdef HOLDER
/* Its cursor stores are not buffered: a late one only gates for longer. */
proctype holder() {
  byte next = 0, w;
  byte pos[2], size[2];                 /* held: 0 the older, 1 the newer; size 0: none */
  do
  :: atomic { size[1] == 0 && (word[next % N] > 0 || (publisher_done && next == claimed)) -> w = word[next % N] };
     if :: w == 0 -> break :: else fi;
     assert(INTACT(next, w));
     d_step {
       if :: size[0] == 0 -> pos[0] = next; size[0] = w :: else -> pos[1] = next; size[1] = w fi;
       next = next + w; w = 0
     }
#ifdef MUTANT_CURSOR_NEXT
     ; cursor[HOLDERS_SEAT] = next
#endif
  :: size[0] > 0 ->                     /* release the older: the newer, if there is one, is now the oldest */
     assert(INTACT(pos[0], size[0]));
     d_step { pos[0] = pos[1]; size[0] = size[1]; pos[1] = 0; size[1] = 0 };
     cursor[HOLDERS_SEAT] = (size[0] > 0 -> pos[0] : next)
  :: size[1] > 0 ->                     /* release the newer: the cursor stays */
     assert(INTACT(pos[1], size[1]));
     d_step { pos[1] = 0; size[1] = 0 }
  od;
  if :: size[0] > 0 -> assert(INTACT(pos[0], size[0])) :: else fi;
  gates[HOLDERS_SEAT] = false
}
#endif

#ifdef JOIN
#ifdef START_NOW
#define START claimed
#else
#define START tail
#endif
#if defined(MUTANT_NO_MEMBARRIER)
#define MEMBARRIER skip
#elif defined(MUTANT_OWN_FENCE) || defined(FENCES_FULL)
#define MEMBARRIER FULL_FENCE_JOINER
#else
#define MEMBARRIER drain_all()
#endif

inline drain_all() {
  atomic {
    do :: len(publisher_buffer) > 0 -> drain_publisher() :: else -> break od;
    do :: len(joiner_buffer) > 0 -> drain_joiner() :: else -> break od
  }
}

proctype joiner() {
  byte x, t, w, a, b, read;
  mtype kind;
#ifdef REJOIN
  bool again = true;
join:
#endif
  x = START;
  joiner_buffer ! CURSOR, x;
#ifndef MUTANT_ACTIVE_LAST
  joiner_buffer ! ACTIVE, true;
#endif
  MEMBARRIER;
#ifndef MUTANT_NO_LOOP
  do
  :: t = tail;
     if
     :: t <= x -> break
     :: else ->
#ifdef REACH_BEHIND_TAIL
        assert(false);
#endif
#ifdef START_NOW
        x = START;
#else
        x = t;
#endif
        joiner_buffer ! CURSOR, x;
#ifdef ONE_LOOK
        break
#else
        MEMBARRIER
#endif
     fi
  od;
  t = 0;
#endif
#ifdef MUTANT_ACTIVE_LAST
  joiner_buffer ! ACTIVE, true;
  MEMBARRIER;
#endif
  do
  :: read < 2 ->
     atomic { word[x % N] > 0 || (publisher_done && x == claimed) -> w = word[x % N] };
     if :: w == 0 -> break :: else fi;
     assert(INTACT(x, w));
     /* ... held ... */
     assert(INTACT(x, w));
     d_step { x = x + w; w = 0; read++ };
     joiner_buffer ! CURSOR, x
  :: read == 2 -> break
  od;
  read = 0;
  joiner_buffer ! ACTIVE, false;
#ifdef REJOIN
  if :: again -> again = false; goto join :: else fi;
#endif
  x = 0
}
#endif

init {
  byte i = 0;
  atomic {
    do :: i < N -> wrote[i] = 255; i++ :: else -> break od;
    wrote[0] = 0; i = 0;
    run publisher();
    run store_buffers();
#ifdef HOLDER
    gates[HOLDERS_SEAT] = true; run holder();
#endif
#ifdef JOIN
    run joiner()
#endif
  }
}
